"""Check which rooms import which: the contracts are in `pyproject.toml`."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def contracts(repo: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache"], cwd=repo, capture_output=True, text=True, timeout=120)


def test_no_import_breaks_a_contract() -> None:
    result = contracts(REPO)
    assert result.returncode == 0, result.stdout


def test_every_room_of_the_orchestrator_has_a_layer() -> None:
    """A new folder or file is placed among the layers, or nothing would check its imports."""
    config = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(each for each in config["contracts"] if each["type"] == "layers")["layers"]
    listed = {name.strip().removeprefix("orchestrator.") for layer in layers for name in layer.split("|")}
    folder = REPO / "orchestrator"
    rooms = {path.parent.name for path in folder.glob("*/__init__.py")}
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    assert rooms | files == listed
    assert len([*folder.glob("*.py")]) <= 8


def test_an_import_of_a_higher_layer_is_refused(tmp_path: Path) -> None:
    text = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    for package in ("orchestrator", "emulator", "tooling"):
        for path in (REPO / package).rglob("*.py"):
            copy = tmp_path / path.relative_to(REPO)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    assert contracts(tmp_path).returncode == 0
    with (tmp_path / "orchestrator/system/identity.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom orchestrator.execution import executor\n")
    result = contracts(tmp_path)
    assert result.returncode == 1
    assert re.search(r"orchestrator\.system\.identity -> orchestrator\.execution", result.stdout), result.stdout
