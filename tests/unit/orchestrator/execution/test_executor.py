"""Deploy, preview and smoke from end to end, with every tool a fake."""

from __future__ import annotations

import dataclasses
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
from orchestrator.errors import PlatformError, ReleaseFailed, StateLocked, TerraformError, TerraformKilled
from orchestrator.planning import steps as plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Plan
from orchestrator.planning.values import HASH_KEY, MODEL_VERSION_KEYS
from orchestrator.policy.model import PolicyReport
from orchestrator.release.model import EndpointState, ReleaseResult
from orchestrator.runs.result import Result
from orchestrator.runs.run_folder import RunFolder
from orchestrator.session.target import open_target
from orchestrator.system import identity, trouble
from orchestrator.system.process import StillWorking
from tests.fakes.emulator import INFO
from tests.fakes.policy import violation
from tests.fakes.terraform import EMPTY
from tests.fakes.tools import MACHINE, VERSION, FakeTools, pending_version, pipeline_succeeds, pipeline_waits
from tests.unit.orchestrator.conftest import Runs

CHATS = ["chat-async", "chat-batch", "chat-serverless", "chat"]
REVIEWS = ["reviews-async", "reviews-batch", "reviews-serverless", "reviews"]


@pytest.fixture
def deploy(environment: Environment, graph: Graph) -> Plan:
    return plans.deploy(environment, graph)


def test_a_first_deploy_creates_everything_and_is_ok(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    result = run(deploy)
    assert (result.status, result.exit_code, result.error) == ("ok", 0, None)
    assert {stack.name: stack.action for stack in result.stacks} == dict.fromkeys(run.graph.names, "created")
    assert result.pipeline is not None
    assert [probe.blueprint for probe in result.smoke] == [*CHATS, *REVIEWS]
    assert result.policy is not None
    assert result.policy.scans == 1 + len(run.graph.names)
    assert tools.environments == ["http://127.0.0.1:4566"]


def test_the_second_deploy_applies_nothing(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    run(deploy)
    tools.terraform.calls.clear()
    result = run(deploy)
    assert {stack.action for stack in result.stacks} == {"unchanged"}
    assert "apply" not in {command for command, _ in tools.terraform.calls}
    assert len(tools.pipeline_runs) == 1


def test_blueprints_are_synthesised_with_everything_ready_for_it(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    run(deploy)
    prepared = tools.synth_prepared
    assert prepared > 0
    run(deploy)
    assert tools.synth_prepared == prepared  # nothing is applied


def test_a_stack_gets_the_outputs_of_those_before_it(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    run(deploy)
    values = json.loads(tools.terraform.workspaces["models"].values_file.read_text())
    assert values["foundation"]["s3"] == {"bucket_name": "data-bucket"}
    assert values["context"]["name_prefix"] == "mlops-local"
    reviews = json.loads(tools.terraform.workspaces["blueprint-reviews"].values_file.read_text())
    assert reviews["model_version"] == {key: VERSION[key] for key in MODEL_VERSION_KEYS} | {HASH_KEY: VERSION[HASH_KEY]}


def test_the_pipeline_runs_again_only_when_asked(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    tools.live["/mlops/local/models/reviews/live"] = dict(VERSION)
    assert run(plans.deploy(environment, graph)).pipeline is None
    assert run(plans.deploy(environment, graph, force_pipeline=True)).pipeline is not None


def test_a_live_version_without_the_hash_of_its_archive_is_trained_anew(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    """Releases refuse it: nothing tells whether its archive was replaced."""
    tools.live["/mlops/local/models/reviews/live"] = {k: v for k, v in VERSION.items() if k != HASH_KEY}
    assert run(plans.deploy(environment, graph)).pipeline is not None


def test_a_failing_stack_stops_its_dependents_and_nobody_else(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.terraform.failures[("apply", "blueprint-chat")] = TerraformError("no", hint="yes")
    result = run(deploy)
    actions = {stack.name: stack.action for stack in result.stacks}
    assert actions["blueprint-chat"] == "failed"
    assert actions["monitoring"] == actions["blueprint-reviews"] == "created"
    assert (result.status, result.exit_code) == ("failed", 8)
    assert result.error is not None
    assert (result.error.step, result.error.message, result.error.hint) == ("blueprint-chat", "no", "yes")
    assert {probe.blueprint for probe in result.smoke} == {
        each.name for each in tools.environment.blueprints if each.name != "chat"
    }


def test_a_finding_in_the_source_stops_everything(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.gate.source["terraform"] = violation("OWN_1", "aws_s3_bucket.open")
    result = run(deploy)
    assert result.exit_code == 6
    assert {command for command, _ in tools.terraform.calls} <= {"init", "plan"}
    assert (tools.store.states, tools.store.proofs, tools.pipeline_runs) == ({}, {}, [])
    assert {stack.name: (stack.action, stack.reason) for stack in result.stacks} == dict.fromkeys(
        run.graph.names, ("skipped", "`policy` failed")
    )
    assert result.policy is not None
    assert [finding.rule for finding in result.policy.findings] == ["OWN_1"]


def test_a_finding_in_a_plan_stops_its_apply(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.gate.plan["2-data"] = violation()
    assert run(deploy).exit_code == 6
    assert ("plan", "data") in tools.terraform.calls
    assert ("apply", "data") not in tools.terraform.calls


def test_a_rule_that_did_not_run_is_no_green(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.gate.plan["1-foundation"] = PolicyReport(frozenset({"A", "B"}), frozenset({"A"}), (), (), 0.0)
    result = run(deploy)
    assert result.exit_code == 7
    assert result.policy is not None
    assert (result.policy.passed, result.policy.missing) == (False, ["B"])
    assert ("apply", "foundation") not in tools.terraform.calls


def test_a_red_probe_is_a_red_deploy(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.probes["reviews"] = "failed"
    result = run(deploy)
    assert (result.status, result.exit_code) == ("failed", 10)
    assert [probe.blueprint for probe in result.smoke if probe.status == "failed"] == ["reviews"]
    assert len(result.smoke) == len([*CHATS, *REVIEWS])
    assert result.error is not None
    assert result.error.message == "1 of 1 smoke probes of reviews failed: api: "


def test_all_red_probes_are_told(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.probes = {"reviews": "failed", "chat-batch": "failed"}
    result = run(deploy)
    assert result.error is not None
    assert result.error.message == (
        "1 of 1 smoke probes of chat-batch failed: batch: ; 1 of 1 smoke probes of reviews failed: api: "
    )


def test_a_failed_pipeline_is_reported_and_leaves_its_blueprint_out(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.pipeline_answer = lambda: dataclasses.replace(
        pipeline_succeeds(), status="FAILED", model_package_arn=None, error="ModelBelowThreshold"
    )
    result = run(deploy)
    assert result.exit_code == 9
    assert result.error is not None
    assert "ModelBelowThreshold" in result.error.message
    actions = {stack.name: stack.action for stack in result.stacks}
    assert (actions["blueprint-reviews"], actions["blueprint-chat"]) == ("skipped", "created")


def test_without_an_approved_model_the_rest_is_deployed_and_the_exit_code_says_so(
    run: Runs, deploy: Plan, tools: FakeTools
) -> None:
    tools.makes_live = False
    result = run(deploy)
    assert result.exit_code == 11
    actions = {stack.name: (stack.action, stack.reason) for stack in result.stacks}
    assert actions["blueprint-reviews"] == ("skipped", "waiting for an approved model version of `reviews`")
    assert actions["monitoring"][0] == "created"
    assert [probe.blueprint for probe in result.smoke] == CHATS


def test_a_version_that_waits_for_a_person_has_an_exit_code_of_its_own(
    run: Runs, deploy: Plan, tools: FakeTools
) -> None:
    tools.pipeline_answer = pipeline_waits
    result = run(deploy)
    assert (result.status, result.exit_code) == ("failed", 19)
    assert result.error is not None
    assert result.error.type == "ApprovalPending"
    assert result.error.message == (
        "version 1 of reviews waits for approval since 2026-11-30T10:00:00+00:00 (accuracy 0.8); "
        "everything else is deployed"
    )
    assert str(result.error.hint).startswith("`orchestrator release approve local reviews --version 1`")
    assert result.pipeline is not None
    assert (result.pipeline.status, result.pipeline.error) == ("AWAITING_APPROVAL", None)
    actions = {stack.name: stack.action for stack in result.stacks}
    assert (actions["blueprint-reviews"], actions["blueprint-chat"], actions["monitoring"]) == (
        "skipped",
        "created",
        "created",
    )
    # The next one trains nothing, and says the same.
    again = run(deploy)
    assert (again.exit_code, again.error, again.pipeline) == (19, result.error, None)
    assert len(tools.pipeline_runs) == 1


def test_what_waits_beside_a_live_version_is_a_warning(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    tools.live["/mlops/local/models/reviews/live"] = dict(VERSION)
    tools.pending = [pending_version(2, None)]
    result = run(plans.deploy(environment, graph))
    assert (result.exit_code, result.pipeline) == (0, None)
    assert result.warnings == [
        "version 2 of reviews waits for approval since 2026-11-30T10:00:00+00:00, though no execution waits for it any "
        "more; `orchestrator release approve local reviews --version 2` makes it live"
    ]


def test_whoever_asks_for_the_pipeline_gets_it_though_a_version_waits(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    tools.pending = [pending_version()]
    result = run(plans.deploy(environment, graph, force_pipeline=True))
    assert (result.exit_code, len(tools.pipeline_runs)) == (0, 1)


def test_missing_sample_data_is_said_before_the_pipeline_starts(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    (tools.repo / ".cache/datasets/reviews/source=amazon/reviews.txt").unlink()
    result = run(deploy)
    assert result.exit_code == 4
    assert tools.pipeline_runs == []


def test_the_account_of_the_environment_is_the_only_one(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.aws.account = "999999999999"
    result = run(deploy)
    assert result.exit_code == 5
    assert tools.terraform.calls == []


def test_a_dead_emulator_is_named_as_the_cause(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    def die(stack: str) -> None:
        if stack == "models":
            tools.emulator.running = False
            raise TerraformError("connection refused")

    tools.terraform.before_apply = die
    result = run(deploy)
    assert result.exit_code == 12
    assert result.error is not None
    assert "died during `models`" in result.error.message


@pytest.fixture
def mortal(tools: FakeTools) -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for the local AWS."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    tools.emulator.process = identity.of(child.pid)
    yield child
    child.kill()
    child.wait()


@pytest.mark.parametrize("step", ["policy", "models", "pipeline", "release reviews", "smoke chat"])
def test_a_dead_emulator_ends_what_would_wait_for_it(
    run: Runs, deploy: Plan, tools: FakeTools, mortal: subprocess.Popen[bytes], step: str
) -> None:
    """Nobody says that it has died: terraform, and whoever watches something, would try again for minutes."""

    def die(*_: object, **__: object) -> Any:
        mortal.kill()
        assert run.cancel.wait(8), "nobody noticed"
        raise PlatformError("gave up, for another reason")

    over = threading.Event()
    match step.split()[0]:
        case "policy":  # nothing stops a scan
            tools.gate.scan_source = lambda *_, **__: (mortal.kill(), over.wait(30))  # type: ignore
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
    result = run(deploy)
    over.set()
    assert time.monotonic() - started < 10
    assert (result.exit_code, result.status) == (12, "failed")
    assert result.error is not None
    assert result.error.message == f"the local AWS (pid {mortal.pid}) died during `{result.error.step}`; " + (
        "everything in it is lost"
    )
    assert step in ("smoke chat", str(result.error.step)), "several are smoke-tested at the same time"


def test_a_disk_that_is_full_is_told_and_what_went_wrong_before_stays(
    run: Runs, deploy: Plan, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: RunFolder, result: Result, *, finished: bool) -> None:
        with trouble.writing(folder.path / "result.json"):
            Path("/dev/full").write_text("x", encoding="utf-8")

    monkeypatch.setattr(RunFolder, "write_result", full)
    result = run(deploy)
    assert (result.exit_code, result.status, {stack.action for stack in result.stacks}) == (20, "failed", {"created"})
    assert result.error is not None
    assert result.error.message.startswith("the disk is full: ")
    tools.terraform.failures["plan", "data"] = TerraformError("AWS said no")
    again = run(deploy)
    assert again.error is not None
    assert (again.exit_code, again.error.message) == (8, "AWS said no")
    assert "this result is not in the run folder: the disk is full" in again.warnings[0]


def test_a_step_that_the_machine_refuses_ends_in_words(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    build = tools.repo / "build"
    build.touch()
    result = run(deploy)
    assert result.error is not None
    assert (result.exit_code, result.error.type) == (20, "MachineError")
    assert result.error.message == f"{build} is not a folder, and one is needed there"


def test_a_stack_that_publishes_nothing_is_refused(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.terraform.silent.add("data")
    result = run(deploy)
    assert result.exit_code == 8
    assert result.error is not None
    assert "no output object named `data`" in result.error.message


def test_an_interrupt_starts_nothing_more_and_ends_with_130(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    def interrupt(stack: str) -> None:
        if stack == "data":
            run.cancel.set()
            raise TerraformError("interrupted")

    tools.terraform.before_apply = interrupt
    result = run(deploy)
    assert (result.status, result.exit_code) == ("cancelled", 130)
    actions = {stack.name: stack.action for stack in result.stacks}
    assert (actions["foundation"], actions["data"], actions["models"]) == ("created", "skipped", "skipped")


def test_an_unexpected_error_ends_with_70_and_names_the_log(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    def crash(stack: str) -> None:
        raise ZeroDivisionError("by zero")

    tools.terraform.before_apply = crash
    result = run(deploy)
    assert result.exit_code == 70
    assert result.error is not None
    log = (result.error.hint or "").removeprefix("the traceback is in ")
    with open(log, encoding="utf-8") as file:
        assert "ZeroDivisionError: by zero" in file.read()


def test_a_part_needs_what_lies_before_it(run: Runs, environment: Environment, graph: Graph) -> None:
    result = run(plans.deploy(environment, graph, stacks=graph.select(phases=["3"]), command="phase rollout"))
    assert result.exit_code == 1
    assert result.error is not None
    assert "needs the outputs of `foundation`, which is not deployed" in result.error.message


def test_a_part_uses_the_outputs_that_are_deployed(
    run: Runs, deploy: Plan, environment: Environment, graph: Graph
) -> None:
    run(deploy)
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


def test_a_plan_of_what_exists_is_real(
    run: Runs, deploy: Plan, graph: Graph, environment: Environment, tools: FakeTools
) -> None:
    from orchestrator.execution.executor import load_outputs

    run(deploy)

    def running(session: object) -> None:
        session.results.target = open_target(tools, INFO.access)  # type: ignore[attr-defined]
        load_outputs(session)  # type: ignore[arg-type]

    result = run(plans.preview(environment, graph.stacks), running)
    assert result.status == "ok"
    assert {stack.action for stack in result.stacks} == {"unchanged"}
    assert all(ws.backend_file is not None for ws in tools.terraform.workspaces.values())


def test_empty_plans_are_not_applied(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    run(deploy)
    assert tools.terraform.plans["data"] != EMPTY
    tools.terraform.calls.clear()
    run(deploy)
    assert {command for command, stack in tools.terraform.calls if stack == "data"} == {"init", "plan"}


def test_smoke_of_nothing_is_red(run: Runs, deploy: Plan, graph: Graph, environment: Environment) -> None:
    run(deploy)
    run(plans.destroy_blueprints(environment, graph, [*CHATS, *REVIEWS]))
    result = run(plans.smoke(environment, graph))
    assert (result.exit_code, result.smoke) == (10, [])
    assert result.error is not None
    assert result.error.message == "no blueprint of `local` is deployed, so there is nothing to ask"


def test_smoke_says_whom_it_does_not_ask(run: Runs, deploy: Plan, graph: Graph, environment: Environment) -> None:
    run(deploy)
    run(plans.destroy_blueprints(environment, graph, ["chat"]))
    result = run(plans.smoke(environment, graph))
    assert result.exit_code == 0
    assert "chat" not in {probe.blueprint for probe in result.smoke}
    log = (run.tools.repo / ".runs/local" / result.run_id / "logs/smoke-chat.log").read_text()
    assert "not asked: it is not deployed" in log


def test_smoke_alone_probes_what_is_deployed(run: Runs, deploy: Plan, graph: Graph, environment: Environment) -> None:
    run(deploy)
    result = run(plans.smoke(environment, graph))
    assert (result.command, result.exit_code, len(result.smoke)) == ("smoke", 0, 8)


def test_a_deploy_releases_what_is_due_before_it_probes(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.due = {"reviews": "it runs version 1"}
    assert run(deploy).exit_code == 0
    assert tools.looked_at[0] == {"reviews": "/mlops/local/releases/specs/reviews"}
    assert tools.released == [{"machine": MACHINE, "versions": {"reviews": None}}]


def test_a_version_that_was_asked_for_stays_when_the_file_changes(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.due, tools.asked = {"reviews": "it has another size"}, {"reviews": "arn:version/1"}
    assert run(deploy).exit_code == 0
    assert [each["versions"] for each in tools.released] == [{"reviews": "arn:version/1"}]


def test_what_runs_already_is_not_released(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    assert run(deploy).exit_code == 0
    assert tools.released == []


def test_a_red_release_is_a_red_deploy(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.due = {"reviews": "it runs version 1"}
    tools.release_answer = lambda name: ReleaseResult(name, "arn:execution", "FAILED", False, None, "ProbeFailed: no")
    result = run(deploy)
    assert result.exit_code == ReleaseFailed.exit_code
    assert result.error is not None
    assert (result.error.step, result.error.message) == ("release reviews", "reviews: ProbeFailed: no")
    assert "reviews" not in {probe.blueprint for probe in result.smoke}
    assert endings(result)["reviews"] == ("rolled-back", V1, V1, ("DescribeEndpoint",))
    [told] = [each for each in result.releases if each.blueprint == "reviews"]
    assert (told.rolled_back, told.error, told.execution_arn) == (True, "ProbeFailed: no", "arn:execution")


V1, V2 = "mlops-local-reviews-00000000-v1", "mlops-local-reviews-00000000-v2"


def endings(result: Result) -> dict[str, tuple[str, str | None, str | None, tuple[str, ...]]]:
    """What the result says of each endpoint: verdict, what was live, what is, and who vouches for it."""
    return {each.blueprint: (each.status, each.before, each.now, tuple(each.verified)) for each in result.releases}


def test_the_result_says_what_is_live_since_when_and_who_saw_it(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    seen = ("DescribeEndpoint", "smoke api")
    assert endings(run(deploy))["reviews"] == ("launched", None, V1, seen)
    assert endings(run(deploy))["reviews"] == ("unchanged", V1, V1, seen)
    tools.due = {"reviews": "it runs version 1"}
    released = endings(run(deploy))["reviews"]
    assert released == ("released", V1, V2, ("DescribeEndpoint", "probe of the release", "smoke api"))


def test_a_release_of_batch_jobs_claims_no_probe(
    run: Runs, deploy: Plan, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [
        EndpointState(V1, True, "arn:version/2", False, "jobs take version 1", jobs=True),
        EndpointState(V2, True, "arn:version/2", False, last="released", jobs=True),
    ]
    monkeypatch.setattr(tools, "endpoints", lambda cloud, parameters: {"reviews": looks.pop(0)})
    tools.release_answer = lambda name: ReleaseResult(name, "arn:execution", "SUCCEEDED", True, V2)
    assert endings(run(deploy))["reviews"] == ("released", V1, V2, ("DescribeModel", "smoke api"))


def test_a_release_that_says_it_went_well_is_not_believed(
    run: Runs, deploy: Plan, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(deploy)
    stays = EndpointState(V1, True, "arn:version/2", False, "it runs version 1", "rolled-back")
    monkeypatch.setattr(tools, "endpoints", lambda cloud, parameters: {"reviews": stays})
    result = run(deploy)
    assert endings(result)["reviews"] == ("rolled-back", V1, V1, ("DescribeEndpoint",))
    assert result.exit_code == ReleaseFailed.exit_code


def test_a_release_without_its_machine_says_what_to_deploy(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.due = {"reviews": "it runs version 1"}
    tools.terraform.silent.add("releases")
    result = run(dataclasses.replace(deploy, steps=tuple(step for step in deploy.steps if step.name != "releases")))
    assert result.exit_code == ReleaseFailed.exit_code
    assert result.error is not None
    assert result.error.hint == "`orchestrator deploy local` deploys the stack `releases`"
    assert endings(result)["reviews"] == ("due", None, V1, ())


def test_one_blueprint_is_destroyed_and_deployed_again_and_the_others_never_notice(
    run: Runs, deploy: Plan, tools: FakeTools, graph: Graph, environment: Environment
) -> None:
    run(deploy)
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


def test_a_run_that_leaves_terraform_at_work_has_not_ended(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    def leave(stack: str) -> None:
        if stack == "foundation":
            run.cancel.set()
            raise StillWorking(("terraform", "apply"), 7)

    tools.terraform.before_apply = leave
    result = run(deploy)
    assert (result.status, result.exit_code) == ("cancelled", 130)
    assert result.error is not None
    assert "terraform is still storing what it did: foundation" in result.error.message
    assert result.error.hint == "`orchestrator resume local` waits for it and goes on"
    assert unfinished(run)


def test_a_run_whose_terraform_was_killed_has_left_something(run: Runs, deploy: Plan, tools: FakeTools) -> None:
    tools.terraform.failures["apply", "foundation"] = TerraformKilled("was killed")
    assert run(deploy).exit_code == 8
    assert unfinished(run)
    del tools.terraform.failures["apply", "foundation"]
    assert run(deploy).exit_code == 0
    assert not unfinished(run)


def unfinished(run: Runs) -> bool:
    assert run.last is not None
    folder = run.last.journal.folder.path
    assert (folder / "report.html").is_file()
    return not (folder / "result.json").exists()


def test_several_locks_are_told_at_once_with_the_command_that_frees_them(
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
