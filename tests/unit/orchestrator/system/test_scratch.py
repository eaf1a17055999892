"""Folders of temporary files: those of dead processes are removed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from orchestrator.system import scratch

MAKE = """
import sys
from pathlib import Path
from orchestrator.system import scratch
print(scratch.folder(Path(sys.argv[1])), flush=True)
"""
REPO = Path(__file__).resolve().parents[4]


def made_by_another(root: Path, then: str) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", f"{MAKE}{then}", str(root)], cwd=REPO, capture_output=True, text=True, check=False
    )
    return Path(done.stdout.strip())


def test_a_killed_process_s_folder_is_removed_by_the_next(tmp_path: Path) -> None:
    left = made_by_another(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (left / "jsii-kernel-x").mkdir()
    own = scratch.folder(tmp_path)
    assert (left.exists(), own.is_dir()) == (False, True)
    scratch.sweep(tmp_path)
    assert own.is_dir()


def test_a_process_that_exits_removes_its_folder(tmp_path: Path) -> None:
    assert not made_by_another(tmp_path, "pass").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_owner_may_be_alive_stays(tmp_path: Path) -> None:
    own = scratch.folder(tmp_path)
    elsewhere = json.loads((own / "owner.json").read_text(encoding="utf-8"))
    elsewhere["machine"]["host"] = "another"
    for name, text in (("elsewhere", json.dumps(elsewhere)), ("half", "{"), ("foreign", '{"pid": 1}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "owner.json").write_text(text, encoding="utf-8")
    scratch.sweep(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {own.name, "elsewhere", "half", "foreign"}
