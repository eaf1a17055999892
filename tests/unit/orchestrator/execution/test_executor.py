"""Deploy, preview and smoke from end to end, with fakes of all tools."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import Environment
from orchestrator.errors import PlatformError, StateLocked, TerraformError, TerraformKilled
from orchestrator.execution.deployed import load_outputs
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Plan
from orchestrator.planning.values import HASH_KEY, MODEL_VERSION_KEYS
from orchestrator.policy.model import PolicyReport
from orchestrator.runs.result import Result
from orchestrator.runs.run_folder import RunFolder
from orchestrator.session.target import open_target
from orchestrator.system import identity, trouble
from orchestrator.system.process import StillWorking
from tests.fakes.emulator import INFO
from tests.fakes.policy import violation
from tests.fakes.terraform import EMPTY
from tests.fakes.tools import VERSION, FakeTools
from tests.unit.orchestrator.conftest import Runs

CHATS = ["chat-async", "chat-batch", "chat-serverless", "chat"]
REVIEWS = ["reviews-async", "reviews-batch", "reviews-serverless", "reviews"]


def test_a_first_deploy_creates_everything_and_is_ok(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    result = run(deploy_plan)
    assert (result.status, result.exit_code, result.error) == ("ok", 0, None)
    assert {stack.name: stack.action for stack in result.stacks} == dict.fromkeys(run.graph.names, "created")
    assert result.pipeline is not None
    assert [probe.blueprint for probe in result.smoke] == [*CHATS, *REVIEWS]
    assert result.policy is not None
    assert result.policy.scans == 1 + len(run.graph.names)
    assert tools.environments == ["http://127.0.0.1:4566"]


def test_the_second_deploy_applies_nothing(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    run(deploy_plan)
    tools.terraform.calls.clear()
    result = run(deploy_plan)
    assert {stack.action for stack in result.stacks} == {"unchanged"}
    assert "apply" not in {command for command, _ in tools.terraform.calls}
    assert len(tools.pipeline_runs) == 1


def test_the_synthesis_is_prepared_only_if_needed(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    run(deploy_plan)
    prepared = tools.synth_prepared
    assert prepared > 0
    run(deploy_plan)
    assert tools.synth_prepared == prepared  # nothing is applied


def test_a_stack_gets_the_outputs_of_those_before_it(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    run(deploy_plan)
    values = json.loads(tools.terraform.workspaces["models"].values_file.read_text())
    assert values["foundation"]["s3"] == {"bucket_name": "data-bucket"}
    assert values["context"]["name_prefix"] == "mlops-local"
    reviews = json.loads(tools.terraform.workspaces["blueprint-reviews"].values_file.read_text())
    assert reviews["model_version"] == {key: VERSION[key] for key in MODEL_VERSION_KEYS} | {HASH_KEY: VERSION[HASH_KEY]}


def test_a_failing_stack_stops_only_its_dependents(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.terraform.failures[("apply", "blueprint-chat")] = TerraformError("no", hint="yes")
    result = run(deploy_plan)
    actions = {stack.name: stack.action for stack in result.stacks}
    assert actions["blueprint-chat"] == "failed"
    assert actions["monitoring"] == actions["blueprint-reviews"] == "created"
    assert (result.status, result.exit_code) == ("failed", 8)
    assert result.error is not None
    assert (result.error.step, result.error.message, result.error.hint) == ("blueprint-chat", "no", "yes")
    assert {probe.blueprint for probe in result.smoke} == {
        each.name for each in tools.environment.blueprints if each.name != "chat"
    }


def test_a_finding_in_the_source_stops_everything(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.gate.source["terraform"] = violation("OWN_1", "aws_s3_bucket.open")
    result = run(deploy_plan)
    assert result.exit_code == 6
    assert {command for command, _ in tools.terraform.calls} <= {"init", "plan"}
    assert (tools.store.states, tools.store.proofs, tools.pipeline_runs) == ({}, {}, [])
    assert {stack.name: (stack.action, stack.reason) for stack in result.stacks} == dict.fromkeys(
        run.graph.names, ("skipped", "`policy` failed")
    )
    assert result.policy is not None
    assert [finding.rule for finding in result.policy.findings] == ["OWN_1"]


def test_a_finding_in_a_plan_stops_its_apply(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.gate.plan["2-data"] = violation()
    assert run(deploy_plan).exit_code == 6
    assert ("plan", "data") in tools.terraform.calls
    assert ("apply", "data") not in tools.terraform.calls


def test_a_rule_that_did_not_run_fails_the_policy(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.gate.plan["1-foundation"] = PolicyReport(frozenset({"A", "B"}), frozenset({"A"}), (), (), 0.0)
    result = run(deploy_plan)
    assert result.exit_code == 7
    assert result.policy is not None
    assert (result.policy.passed, result.policy.missing) == (False, ["B"])
    assert ("apply", "foundation") not in tools.terraform.calls


def test_another_account_is_refused(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.aws.account = "999999999999"
    result = run(deploy_plan)
    assert result.exit_code == 5
    assert tools.terraform.calls == []


def test_a_local_aws_of_older_code_is_a_warning(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.emulator.outdated = True
    assert any("runs other code than this checkout has now" in each for each in run(deploy_plan).warnings)
    tools.emulator.outdated = False
    assert not any("runs other code" in each for each in run(deploy_plan).warnings)


def test_a_dead_emulator_is_named_as_the_cause(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    def die(stack: str) -> None:
        if stack == "models":
            tools.emulator.running = False
            raise TerraformError("connection refused")

    tools.terraform.before_apply = die
    result = run(deploy_plan)
    assert result.exit_code == 12
    assert result.error is not None
    assert "died during `models`" in result.error.message


@pytest.fixture
def mortal(tools: FakeTools) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the role of the local AWS."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    tools.emulator.process = identity.of(child.pid)
    yield child
    child.kill()
    child.wait()


@pytest.mark.parametrize("step", ["policy", "models", "pipeline", "release reviews", "smoke chat"])
def test_a_dead_emulator_ends_the_steps_that_would_wait_for_it(
    run: Runs, deploy_plan: Plan, tools: FakeTools, mortal: subprocess.Popen[bytes], step: str
) -> None:
    """Its death causes no error at once: terraform, and polling clients, would retry for minutes."""

    def die(*_: object, **__: object) -> Any:
        mortal.kill()
        assert run.cancel.wait(8), "the death was not noticed"
        raise PlatformError("gave up, for another reason")

    over = threading.Event()
    match step.split()[0]:
        case "policy":  # nothing stops a scan

            def scan(*_: Any, **__: Any) -> Any:
                mortal.kill()
                over.wait(30)

            tools.gate.scan_source = scan  # type: ignore[method-assign]
        case "models":
            tools.terraform.before_apply = lambda stack: die() if stack == "models" else None
        case "pipeline":
            tools.pipeline_answer = die
        case "release":
            tools.due["reviews"] = "another version"
            tools.release_answer = die
        case _:
            tools.smoke = die  # type: ignore[method-assign]
    started = time.monotonic()
    result = run(deploy_plan)
    over.set()
    assert time.monotonic() - started < 10
    assert (result.exit_code, result.status) == (12, "failed")
    assert result.error is not None
    assert result.error.message == f"the local AWS (pid {mortal.pid}) died during `{result.error.step}`; " + (
        "everything in it is lost"
    )
    assert step in ("smoke chat", str(result.error.step)), "several are smoke-tested at the same time"


def test_a_full_disk_is_reported_and_does_not_hide_an_earlier_error(
    run: Runs, deploy_plan: Plan, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: RunFolder, result: Result, *, finished: bool) -> None:
        with trouble.writing(folder.path / "result.json"):
            Path("/dev/full").write_text("x", encoding="utf-8")

    monkeypatch.setattr(RunFolder, "write_result", full)
    result = run(deploy_plan)
    assert (result.exit_code, result.status, {stack.action for stack in result.stacks}) == (20, "failed", {"created"})
    assert result.error is not None
    assert result.error.message.startswith("the disk is full: ")
    tools.terraform.failures["plan", "data"] = TerraformError("AWS said no")
    again = run(deploy_plan)
    assert again.error is not None
    assert (again.exit_code, again.error.message) == (8, "AWS said no")
    assert "this result is not in the run folder: the disk is full" in again.warnings[0]


def test_a_step_that_fails_on_the_machine_is_reported_with_a_message(
    run: Runs, deploy_plan: Plan, tools: FakeTools
) -> None:
    build = tools.repo / "build"
    build.touch()
    result = run(deploy_plan)
    assert result.error is not None
    assert (result.exit_code, result.error.type) == (20, "MachineError")
    assert result.error.message == f"{build} is not a folder, but one is required"


def test_a_stack_that_publishes_nothing_is_refused(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.terraform.silent.add("data")
    result = run(deploy_plan)
    assert result.exit_code == 8
    assert result.error is not None
    assert "no output object named `data`" in result.error.message


def test_an_interrupt_starts_nothing_more_and_ends_with_130(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    def interrupt(stack: str) -> None:
        if stack == "data":
            run.cancel.set()
            raise TerraformError("interrupted")

    tools.terraform.before_apply = interrupt
    result = run(deploy_plan)
    assert (result.status, result.exit_code) == ("cancelled", 130)
    actions = {stack.name: stack.action for stack in result.stacks}
    assert (actions["foundation"], actions["data"], actions["models"]) == ("created", "skipped", "skipped")


def test_an_unexpected_error_ends_with_70_and_names_the_log(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    def crash(stack: str) -> None:
        raise ZeroDivisionError("by zero")

    tools.terraform.before_apply = crash
    result = run(deploy_plan)
    assert result.exit_code == 70
    assert result.error is not None
    log = (result.error.hint or "").removeprefix("the traceback is in ")
    with open(log, encoding="utf-8") as file:
        assert "ZeroDivisionError: by zero" in file.read()


def test_a_part_needs_the_outputs_of_the_stacks_before_it(run: Runs, environment: Environment, graph: Graph) -> None:
    result = run(plans.deploy(environment, graph, stacks=graph.select(phases=["3"]), command="phase rollout"))
    assert result.exit_code == 1
    assert result.error is not None
    assert "needs the outputs of `foundation`, which is not deployed" in result.error.message


def test_a_part_uses_deployed_outputs(run: Runs, deploy_plan: Plan, environment: Environment, graph: Graph) -> None:
    run(deploy_plan)
    result = run(plans.deploy(environment, graph, stacks=graph.select(blueprints=["chat"]), command="phase rollout"))
    assert result.exit_code == 0
    assert [stack.name for stack in result.stacks] == ["releases", "blueprint-chat", "monitoring"]
    assert [probe.blueprint for probe in result.smoke] == ["chat"]


def test_a_preview_of_an_empty_environment_uses_examples_and_no_bucket(
    run: Runs, graph: Graph, environment: Environment, tools: FakeTools
) -> None:
    def throwaway(session: object) -> None:
        session.results.target = open_target(tools, INFO.access, throwaway=True)  # type: ignore[attr-defined]

    result = run(plans.preview(environment, graph.stacks), throwaway)
    assert (result.status, result.exit_code) == ("preview", 0)
    assert all(ws.backend_file is None for ws in tools.terraform.workspaces.values())
    assert "apply" not in {command for command, _ in tools.terraform.calls}
    assert not tools.store.exists
    assert {stack.added for stack in result.stacks} == {1}


def test_a_preview_of_a_deployed_environment_uses_its_states(
    run: Runs, deploy_plan: Plan, graph: Graph, environment: Environment, tools: FakeTools
) -> None:
    run(deploy_plan)

    def running(session: Any) -> None:
        session.results.target = open_target(tools, INFO.access)
        load_outputs(session)

    result = run(plans.preview(environment, graph.stacks), running)
    assert result.status == "ok"
    assert {stack.action for stack in result.stacks} == {"unchanged"}
    assert all(ws.backend_file is not None for ws in tools.terraform.workspaces.values())


def test_empty_plans_are_not_applied(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    run(deploy_plan)
    assert tools.terraform.plans["data"] != EMPTY
    tools.terraform.calls.clear()
    run(deploy_plan)
    assert {command for command, stack in tools.terraform.calls if stack == "data"} == {"init", "plan"}


def test_destroying_and_redeploying_one_blueprint_does_not_touch_the_others(
    run: Runs, deploy_plan: Plan, tools: FakeTools, graph: Graph, environment: Environment
) -> None:
    run(deploy_plan)
    tools.terraform.calls.clear()
    result = run(plans.destroy_blueprints(environment, graph, ["chat"]))
    assert {stack.name: stack.action for stack in result.stacks} == {"blueprint-chat": "destroyed"}
    assert {stack for _, stack in tools.terraform.calls} == {"blueprint-chat"}
    assert (result.exit_code, result.orphans) == (0, None)
    tools.terraform.calls.clear()
    again = run(plans.deploy(environment, graph, stacks=graph.select(blueprints=["chat"])))
    assert {stack.name: stack.action for stack in again.stacks}["blueprint-chat"] == "created"
    # And the two stacks that watch blueprints.
    assert {stack for _, stack in tools.terraform.calls} == {"blueprint-chat", "monitoring", "releases"}
    assert [probe.blueprint for probe in again.smoke] == ["chat"]


def test_a_run_that_leaves_terraform_running_has_not_ended(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    def leave(stack: str) -> None:
        if stack == "foundation":
            run.cancel.set()
            raise StillWorking(("terraform", "apply"), 7)

    tools.terraform.before_apply = leave
    result = run(deploy_plan)
    assert (result.status, result.exit_code) == ("cancelled", 130)
    assert result.error is not None
    assert "terraform is still storing what it did: foundation" in result.error.message
    assert result.error.hint == "`orchestrator resume local` waits for it and goes on"
    assert unfinished(run)


def test_a_run_whose_terraform_was_killed_stays_unfinished(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.terraform.failures["apply", "foundation"] = TerraformKilled("was killed")
    assert run(deploy_plan).exit_code == 8
    assert unfinished(run)
    del tools.terraform.failures["apply", "foundation"]
    assert run(deploy_plan).exit_code == 0
    assert not unfinished(run)


def unfinished(run: Runs) -> bool:
    assert run.last is not None
    folder = run.last.journal.folder.path
    assert (folder / "report.html").is_file()
    return not (folder / "result.json").exists()


def test_several_locks_are_reported_at_once_with_the_command_that_releases_them(
    run: Runs, environment: Environment, graph: Graph
) -> None:
    for stack in ("notifications", "data"):
        error = StateLocked(f"the state of `{stack}` is locked by alice", hint="wait")
        run.tools.terraform.failures[("plan", stack)] = error
    result = run(plans.deploy(environment, graph))
    assert result.error is not None
    assert result.exit_code == 13
    assert sorted(result.error.message.split("; ")) == [
        "the state of `data` is locked by alice",
        "the state of `notifications` is locked by alice",
    ]
    assert "`orchestrator unlock local`" in (result.error.hint or "")
