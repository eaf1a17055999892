"""Only its owner can read a run's files, and no plan is left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from orchestrator import cli
from orchestrator.config import Environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.core.state import State
from orchestrator.errors import SetupError, TerraformError
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.runs.journal import Journal
from orchestrator.runs.run_folder import RunFolder
from orchestrator.session.session import Session
from orchestrator.session.target import open_target
from orchestrator.stacks import lifecycle
from orchestrator.stacks.workspace import forget_plans
from orchestrator.system import private
from orchestrator.terraform.model import ApplySummary
from tests.fakes.terraform import plan_summary
from tests.fakes.tools import OUTPUTS, FakeTools
from tests.unit.orchestrator.conftest import Runs

REPO = Path(__file__).resolve().parents[4]


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


# ---- modes --------------------------------------------------------------------------------------------------------


def test_new_files_including_those_of_children_are_private(tmp_path: Path) -> None:
    before = umask()
    with private.only_ours():
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("secret")
        subprocess.run([sys.executable, "-S", "-c", "open('child', 'w')"], cwd=tmp_path, check=True)
    assert {path.name: oct(mode(path)) for path in tmp_path.iterdir()} == {
        "folder": "0o700",
        "file": "0o600",
        "child": "0o600",
    }
    assert umask() == before


def test_every_command_creates_private_files(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(cli.cli, "main", lambda **_: seen.append(umask()))
    assert cli.main(["graph", "local"]) == 0
    assert seen == [0o077]


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Create the files of an earlier version."""
    for name in private.FOLDERS:
        folder = tmp_path / name / "local"
        folder.mkdir(parents=True)
        for file, bits in (("values.tfvars.json", 0o644), ("program", 0o755)):
            (folder / file).write_text("x")
            (folder / file).chmod(bits)
        folder.chmod(0o755)
        folder.parent.chmod(0o755)
    source = tmp_path / "main.tf"
    source.write_text("x")
    source.chmod(0o644)
    (tmp_path / "build/local/main.tf").symlink_to(source)
    return tmp_path


def test_only_open_files_below_these_folders_are_closed(wide: Path) -> None:
    private.tighten(wide)
    for name in private.FOLDERS:
        modes = {path.name: oct(mode(path)) for path in (wide / name / "local").iterdir() if not path.is_symlink()}
        assert modes == {"values.tfvars.json": "0o600", "program": "0o700"}
        assert (mode(wide / name), mode(wide / name / "local")) == (0o700, 0o700)
    assert mode(wide / "main.tf") == 0o644


def test_a_closed_folder_is_not_searched_again(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private.tighten(wide)
    monkeypatch.setattr(Path, "rglob", lambda *_: pytest.fail("searched"))
    private.tighten(wide)


def test_an_interrupted_closing_is_repeated(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close = private._close

    def cut(path: Path) -> None:
        if path.name == "program":
            raise KeyboardInterrupt
        close(path)

    monkeypatch.setattr(private, "_close", cut)
    with pytest.raises(KeyboardInterrupt):
        private.tighten(wide)
    monkeypatch.undo()
    private.tighten(wide)
    assert mode(wide / "build/local/program") == 0o700


def test_a_file_of_another_user_is_reported(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(SetupError, match=r"build/local.* belongs to another user") as caught:
        private.tighten(wide)
    assert "chown" in str(caught.value.hint)


def test_a_checkout_without_these_folders_is_fine(tmp_path: Path) -> None:
    private.tighten(tmp_path)
    assert list(tmp_path.iterdir()) == []


# ---- plans --------------------------------------------------------------------------------------------------------


def left(tools: FakeTools) -> list[Path]:
    return list((tools.repo / "build").rglob("*.tfplan"))


def target(tools: FakeTools) -> Callable[[Session], None]:
    def open_it(session: Session) -> None:
        session.results.target = open_target(
            tools, LocalAccess("http://127.0.0.1:1", "LOCALKEY", "secret"), throwaway=True
        )

    return open_it


@pytest.mark.parametrize("failing", [None, "plan", "apply"])
def test_a_deployment_leaves_no_plan(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, failing: str | None
) -> None:
    tools.terraform.plans = {stack.name: plan_summary("aws_s3_bucket.a") for stack in graph.stacks}
    if failing:
        tools.terraform.failures = {(failing, stack.name): TerraformError("no") for stack in graph.stacks}
    run(plans.deploy(environment, graph))
    assert (failing or "apply") in {command for command, _ in tools.terraform.calls}
    assert left(tools) == []


def test_an_interrupted_deployment_leaves_no_plan(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> ApplySummary:
        run.cancel.set()
        raise TerraformError("interrupted")

    tools.terraform.plans = {stack.name: plan_summary("aws_s3_bucket.a") for stack in graph.stacks}
    monkeypatch.setattr(tools.terraform, "apply", interrupted)
    assert run(plans.deploy(environment, graph)).exit_code == 130
    assert left(tools) == []


@pytest.mark.parametrize("failing", [None, "plan"])
def test_a_preview_leaves_no_plan(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, failing: str | None
) -> None:
    if failing:
        tools.terraform.failures = {(failing, stack.name): TerraformError("no") for stack in graph.stacks}
    run(plans.preview(environment, graph.stacks), target(tools))
    assert "plan" in {command for command, _ in tools.terraform.calls}
    assert left(tools) == []


@pytest.mark.parametrize("failing", [None, "plan -destroy", "apply"])
def test_a_destroyed_stack_leaves_no_plan(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, failing: str | None
) -> None:
    stack = graph.stack("monitoring")
    tools.store.states[stack.name] = State(1, "a", {}, ("aws_s3_bucket.a",))
    if failing:
        tools.terraform.failures = {(failing, stack.name): TerraformError("no")}
    session = Session(tools, graph, Journal(RunFolder.create(tools.repo, "local"), ()), run.cancel, examples=OUTPUTS)
    target(tools)(session)
    with pytest.raises(TerraformError) if failing else nullcontext():
        lifecycle.destroy(session, stack)
    assert (failing or "apply") in {command for command, _ in tools.terraform.calls}
    assert left(tools) == []


def test_a_plan_of_a_killed_scan_is_deleted_by_the_next_run(tmp_path: Path) -> None:
    dies = f"""
import os, pathlib, signal
from orchestrator.policy.gate import Checkov
gate = Checkov(pathlib.Path({str(tmp_path)!r}))
gate._scan = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
gate.scan_plan({{"every": "value"}}, root=pathlib.Path("."))
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    subprocess.run([sys.executable, "-c", dies], cwd=REPO, env=environment, check=False)
    (plan,) = tmp_path.rglob("plan.json")
    assert plan.is_relative_to(tmp_path / "build")
    assert plan.parent.stat().st_mode & 0o077 == 0
    forget_plans(tmp_path, "local")
    assert list(tmp_path.rglob("plan.json")) == []


def test_plans_of_a_killed_run_are_deleted_by_the_next(tmp_path: Path) -> None:
    folders = ("build/local/data", "build/local/preview/data", "build/dev/data")
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "plan.tfplan").write_text("every value")
    forget_plans(tmp_path, "local")
    assert [path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.tfplan")] == ["build/dev/data"]
