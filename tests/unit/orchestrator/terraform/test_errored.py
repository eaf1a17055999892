"""The stack of a state that terraform could not store, and how it is stored."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.config import Environment
from orchestrator.core.state import State
from orchestrator.errors import TerraformError
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.runs.result import Result
from orchestrator.terraform import errored
from orchestrator.terraform.errored import Errored
from orchestrator.terraform.model import Workspace
from orchestrator.terraform.record import Command, Record
from tests.fakes.terraform import FakeTerraform
from tests.fakes.tools import FakeTools
from tests.unit.orchestrator.conftest import Runs

ROOT = "terraform/phases/1-foundation/core"
STATE = {"version": 4, "lineage": "ours", "serial": 5}


def applied(repo: Path, environment: str, stack: str, at: str, *, reports_it: bool = True) -> None:
    """Record an apply of a stack in the shared folder."""
    record = Record(repo / ".runs" / environment / f"run-{at}" / "tools" / f"0001-{stack}-apply")
    data = str(repo / "build" / environment / stack / "terraform")
    record.begin(Command(stack, "apply", (), str(repo / ROOT), data, "bucket", "key", at))
    record.stdout.write_text('… written to the file "errored.tfstate" …\n' if reports_it else "no space left\n")


def left_behind(repo: Path) -> Path:
    file = repo / ROOT / errored.NAME
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(STATE))
    return file


def test_a_file_in_the_shared_folder_is_the_last_command_s_that_reports_it(tmp_path: Path) -> None:
    file = left_behind(tmp_path)
    applied(tmp_path, "dev", "core", "2026-01-01")
    applied(tmp_path, "prod", "core", "2026-01-02")
    applied(tmp_path, "dev", "other", "2026-01-03", reports_it=False)
    assert errored.find(tmp_path, "prod") == [Errored(file, "core")]
    assert errored.find(tmp_path, "dev") == []


def test_a_file_that_no_command_reported_is_ignored(tmp_path: Path) -> None:
    left_behind(tmp_path)
    assert errored.find(tmp_path, "dev") == []


@pytest.mark.parametrize("made", [("root",), ("emptied",), ("import", "root", "level1", "1-foundation")])
def test_a_file_in_a_generated_root_is_its_stack_s(tmp_path: Path, made: tuple[str, ...]) -> None:
    root = tmp_path.joinpath("build/dev/core", *made)
    root.mkdir(parents=True)
    (root / errored.NAME).write_text(json.dumps(STATE))
    record = Record(tmp_path / ".runs/dev/run/tools/0001-core-apply")
    data = str(tmp_path / "build/dev/core/terraform")
    record.begin(Command("core", "apply", (), str(root), data, "bucket", "key", "2026-01-01"))
    record.stdout.write_text('… written to the file "errored.tfstate" …\n')
    assert errored.find(tmp_path, "dev") == [Errored(root / errored.NAME, "core")]


def test_a_kept_file_is_its_folder_s(tmp_path: Path) -> None:
    kept = tmp_path / "build/dev/core" / errored.NAME
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert errored.find(tmp_path, "dev") == [Errored(kept, "core")]


def stored(serial: int, lineage: str = "ours", *resources: str) -> State:
    return State(serial, lineage, {}, resources or ("aws_vpc.this",))


def push(repo: Path, before: State | None, content: str = json.dumps(STATE)) -> FakeTerraform:
    terraform, data = FakeTerraform(), repo / "build/dev/core/terraform"
    data.mkdir(parents=True)
    ws = Workspace("core", repo / ROOT, repo, repo, data, repo, environment="dev")
    file = left_behind(repo)
    file.write_text(content)
    errored.push(terraform, ws, Errored(file, "core"), before, lambda event: None)
    return terraform


@pytest.mark.parametrize("before", [None, stored(4), State(9, "of an empty state", {}, ())])
def test_it_is_stored_over_an_older_state_and_removed(tmp_path: Path, before: State | None) -> None:
    assert push(tmp_path, before).pushed == [STATE]
    assert list(tmp_path.rglob(errored.NAME)) == []


@pytest.mark.parametrize(
    ("before", "content", "message"),
    [
        (stored(6), json.dumps(STATE), r"\(serial 6\) is newer than .*core/errored.tfstate \(serial 5\)"),
        (stored(1, "theirs"), json.dumps(STATE), "its lineage is ours, the stored one's theirs"),
        (None, '{"lineage": "ou', "is not a Terraform state"),
        (None, "{}", "is not a Terraform state"),
    ],
)
def test_a_state_that_does_not_match_is_refused_and_kept(
    tmp_path: Path, before: State | None, content: str, message: str
) -> None:
    with pytest.raises(TerraformError, match=message) as caught:
        push(tmp_path, before, content)
    kept = tmp_path / "build/dev/core" / errored.NAME
    assert kept.read_text() == content
    assert "`orchestrator recover dev`" in str(caught.value.hint)


@pytest.fixture
def leave(tools: FakeTools) -> Callable[..., Path]:
    def left(stack: str, *, age: float = 0.0) -> Path:
        file = tools.repo / "build/local" / stack / errored.NAME
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(STATE))
        if age:
            os.utime(file, (0, 0))
        return file

    return left


def test_a_deploy_stores_it_before_it_plans(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools, leave: Callable[..., Path]
) -> None:
    file = leave("foundation")
    result: Result = run(plans.deploy(environment, graph))
    assert result.exit_code == 0
    assert [command for command, stack in tools.terraform.calls if stack == "foundation"] == [
        "init", "state push", "init", "plan", "apply",
    ]  # fmt: skip
    assert not file.exists()


def test_a_destroy_includes_resources_of_the_unsaved_state(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools, leave: Callable[..., Path]
) -> None:
    run(plans.deploy(environment, graph))
    run(plans.destroy(environment, graph))
    tools.terraform.calls.clear()
    leave("data")
    run(plans.destroy(environment, graph))
    assert ("state push", "data") in tools.terraform.calls
    assert ("plan -destroy", "data") in tools.terraform.calls
    assert ("plan -destroy", "models") not in tools.terraform.calls


def test_a_state_of_an_earlier_local_aws_is_dropped(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools, leave: Callable[..., Path]
) -> None:
    file = leave("foundation", age=1)
    assert run(plans.deploy(environment, graph)).exit_code == 0
    assert tools.terraform.pushed == []
    assert not file.exists()
