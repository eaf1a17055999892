"""Programs see their folder as `/opt/ml` where the machine permits it; where it does not, that is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.core import opt_ml

PYTHON = [sys.executable, "-I", "-S", "-c"]
possible = pytest.mark.skipif(not opt_ml.available(), reason="this machine permits no mount namespaces")


def output(folder: Path, program: str, cwd: Path) -> str:
    command = opt_ml.command(folder, [*PYTHON, program])
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@possible
def test_the_folder_is_there_for_the_program_alone(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    program = "open('/opt/ml/model/weights', 'w').write('1'); import os; print(os.getcwd(), os.getuid())"
    assert output(tmp_path, program, tmp_path) == f"{tmp_path} {os.getuid()}"
    assert (tmp_path / "model" / "weights").read_text() == "1"
    assert not (Path("/opt/ml") / "model" / "weights").exists()


@possible
def test_what_else_is_in_opt_stays_visible(tmp_path: Path) -> None:
    before = sorted(path.name for path in Path("/opt").iterdir())
    program = "import os; print(sorted(name for name in os.listdir('/opt') if name != 'ml'))"
    assert output(tmp_path, program, tmp_path) == str([name for name in before if name != "ml"])


@possible
def test_two_programs_have_different_folders(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(name)
        assert output(tmp_path / name, "print(open('/opt/ml/name').read())", tmp_path) == name


def test_without_permission_the_program_runs_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt_ml, "available", lambda: False)
    assert opt_ml.command(tmp_path, ["python", "a.py"]) == ["python", "a.py"]
    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text("import os\n")
    assert opt_ml.note(tmp_path, code) is None
    (code / "paths.py").write_text('MODEL = "/opt/ml/model"\n')
    note = opt_ml.note(tmp_path, code)
    assert note is not None
    assert f"the code names /opt/ml, which is {tmp_path} on this machine" in note
    assert "SM_MODEL_DIR" in note
