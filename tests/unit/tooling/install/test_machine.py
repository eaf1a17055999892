from __future__ import annotations

from pathlib import Path

import pytest

from tooling.install import machine
from tooling.install.report import SetupProblem

GIB = 1024**3


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_supported_pythons_pass(version: tuple[int, int]) -> None:
    machine.check_python(version)


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 14)])
def test_other_pythons_are_refused_with_their_number(version: tuple[int, int]) -> None:
    with pytest.raises(SetupProblem, match=rf"Python 3\.11 to 3\.13 is needed, and this is 3\.{version[1]}\."):
        machine.check_python(version)


def test_too_little_memory_is_reported_in_gigabytes() -> None:
    with pytest.raises(SetupProblem, match=r"4 GB of memory are needed .* this machine has 2\.0 GB"):
        machine.check_memory(2 * GIB)


def test_a_machine_sold_with_four_gigabytes_passes() -> None:
    machine.check_memory(int(3.8 * GIB))


def test_a_containers_limit_counts_as_its_memory(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("1073741824\n", encoding="ascii")
    assert machine.memory((str(limit),)) == GIB
    limit.write_text("max\n", encoding="ascii")
    assert machine.memory((str(limit),)) == machine.memory(())


def test_too_little_disk_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match=r"3 GB of free disk are needed under .* there are 1\.0 GB"):
        machine.check_disk(tmp_path, free=GIB)


def test_a_python_without_venv_names_debians_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(SetupProblem, match="`ensurepip` is missing") as problem:
        machine.check_venv()
    assert "apt-get install python3-venv" in problem.value.hint
