from __future__ import annotations

from pathlib import Path

import pytest

from tooling.install import venvs
from tooling.install.report import SetupProblem
from tooling.install.venvs import VirtualEnv

ENV = VirtualEnv(".venv", "requirements.txt", project=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("a==1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, repo: Path) -> list[str]:
    """What install ran; `venv` leaves the file that a virtual environment has."""
    ran: list[str] = []

    def run(_: Path, env: VirtualEnv, argv: list[str]) -> None:
        ran.append("venv" if "venv" in argv else argv[-1])
        (repo / env.name / "bin").mkdir(parents=True, exist_ok=True)
        (repo / env.name / "bin" / "python").touch()

    monkeypatch.setattr(venvs, "_run", run)
    return ran


def test_an_installed_environment_is_current(repo: Path, commands: list[str]) -> None:
    assert not venvs.is_current(repo, ENV)
    venvs.install(repo, ENV)
    assert venvs.is_current(repo, ENV)
    assert commands == ["venv", "requirements.txt", "."]


def test_another_pin_recreates_it(repo: Path, commands: list[str]) -> None:
    venvs.install(repo, ENV)
    (repo / "requirements.txt").write_text("a==2\n", encoding="utf-8")
    assert not venvs.is_current(repo, ENV)
    venvs.install(repo, ENV)
    assert commands == ["venv", "requirements.txt", "."] * 2


def test_a_change_of_the_project_file_installs_only_the_project(repo: Path, commands: list[str]) -> None:
    venvs.install(repo, ENV)
    (repo / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert not venvs.is_current(repo, ENV)
    commands.clear()
    venvs.install(repo, ENV)
    assert commands == ["."]


def test_an_environment_whose_python_is_gone_is_recreated(repo: Path, commands: list[str]) -> None:
    venvs.install(repo, ENV)
    (repo / ".venv" / "bin" / "python").unlink()
    assert not venvs.is_current(repo, ENV)


def test_another_python_recreates_it(repo: Path, commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    venvs.install(repo, ENV)
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    assert not venvs.is_current(repo, ENV)


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("WARNING: Retrying\nERROR: Could not find a version: Connection refused\n", "package index cannot be reached"),
        ("The virtual environment was not created because ensurepip is not available", "python3-venv"),
        ("ERROR: Could not install: [Errno 28] No space left on device\n", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n", "all of it is in x.log"),
    ],
)
def test_a_failure_of_pip_is_one_sentence_with_a_way_out(output: str, hint: str) -> None:
    problem = venvs.pip_problem(ENV, output, Path("x.log"))
    assert "\n" not in problem.message
    assert problem.message.startswith(".venv could not be made from requirements.txt: ")
    assert hint in problem.hint


def test_misleading_variables_do_not_reach_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    environment = venvs.clean_environment()
    assert "PIP_TARGET" not in environment
    assert environment["PIP_INDEX_URL"] == "kept"


def test_a_linked_environment_is_never_rebuilt(repo: Path, commands: list[str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (repo / ".venv").symlink_to(elsewhere)
    with pytest.raises(SetupProblem, match="is a link to"):
        venvs.install(repo, venvs.ALL[0])
    assert commands == []
