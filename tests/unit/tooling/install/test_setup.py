from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tooling.install import main, venvs
from tooling.install.report import SetupProblem

REPO = Path(__file__).resolve().parents[4]
STEPS = (
    "machine.check_python",
    "machine.check_memory",
    "venvs.install_all",
    "terraform.ensure_terraform",
    "provider.ensure_provider",
    "dataset.ensure_dataset",
)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps in the order in which they ran, doing nothing."""
    ran: list[str] = []
    for step in STEPS:
        monkeypatch.setattr(f"tooling.install.{step}", lambda *_, step=step: ran.append(step))
    monkeypatch.setattr("tooling.install.venvs.is_current", lambda *_: True)
    return ran


def test_an_old_python_gets_as_far_as_the_sentence_about_it() -> None:
    ast.parse((REPO / "tooling" / "install" / "setup.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_set_up_imports_the_standard_library_alone() -> None:
    for file in sorted((REPO / "tooling" / "install").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in {*sys.stdlib_module_names, "tooling"}, f"{file.name} imports {name}"


def test_the_steps_run_in_order(tmp_path: Path, steps: list[str]) -> None:
    assert main.run(str(tmp_path)) == 0
    assert tuple(steps) == STEPS


def test_a_problem_is_two_lines_and_exit_code_4(
    tmp_path: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise SetupProblem("Nothing works.", hint="make it work")

    monkeypatch.setattr("tooling.install.terraform.ensure_terraform", fail)
    assert main.run(str(tmp_path)) == 4
    assert capsys.readouterr().err == "error: Nothing works.\nhint: make it work\n"
    assert steps[-1] == "venvs.install_all"


def test_a_second_run_on_this_checkout_installs_nothing() -> None:
    # Asked first: a set-up that has work to do would change the environment that this test runs in.
    stale = [env.name for env in venvs.ALL if not venvs.is_current(REPO, env)]
    assert stale == [], "run `make setup` before the tests, as `make test` does"
    environment = os.environ | {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    python = str((REPO / ".venv" / "bin" / "python").resolve())
    done = subprocess.run(
        [python, "-I", str(REPO / "tooling" / "install" / "setup.py")],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "installed" not in done.stderr
    assert "downloaded" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("setup  done")
