"""Which endpoints a deployment releases, and what the result says about them."""

from __future__ import annotations

import dataclasses

import pytest

from orchestrator.errors import ReleaseFailed
from orchestrator.planning.steps import Plan
from orchestrator.release.model import EndpointState, ReleaseResult
from orchestrator.runs.result import Result
from tests.fakes.tools import MACHINE, FakeTools
from tests.unit.orchestrator.conftest import Runs

V1, V2 = "mlops-local-reviews-00000000-v1", "mlops-local-reviews-00000000-v2"


def test_a_deploy_releases_due_versions_before_it_probes(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.due = {"reviews": "it runs version 1"}
    assert run(deploy_plan).exit_code == 0
    assert tools.described[0] == {"reviews": "/mlops/local/releases/specs/reviews"}
    assert tools.released == [{"machine": MACHINE, "versions": {"reviews": None}}]


def test_a_pinned_version_stays_when_the_file_changes(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.due, tools.pinned = {"reviews": "it has another size"}, {"reviews": "arn:version/1"}
    assert run(deploy_plan).exit_code == 0
    assert [each["versions"] for each in tools.released] == [{"reviews": "arn:version/1"}]


def test_a_running_version_is_not_released_again(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    assert run(deploy_plan).exit_code == 0
    assert tools.released == []


def test_a_failed_release_fails_the_deploy(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.due = {"reviews": "it runs version 1"}
    tools.release_answer = lambda name: ReleaseResult(name, "arn:execution", "FAILED", False, None, "ProbeFailed: no")
    result = run(deploy_plan)
    assert result.exit_code == ReleaseFailed.exit_code
    assert result.error is not None
    assert (result.error.step, result.error.message) == ("release reviews", "reviews: ProbeFailed: no")
    assert "reviews" not in {probe.blueprint for probe in result.smoke}
    assert endings(result)["reviews"] == ("rolled-back", V1, V1, ("DescribeEndpoint",))
    [release] = [each for each in result.releases if each.blueprint == "reviews"]
    assert (release.rolled_back, release.error, release.execution_arn) == (True, "ProbeFailed: no", "arn:execution")


def endings(result: Result) -> dict[str, tuple[str, str | None, str | None, tuple[str, ...]]]:
    """Return the result of each endpoint: status, live version before and now, and what verified it."""
    return {each.blueprint: (each.status, each.before, each.now, tuple(each.verified)) for each in result.releases}


def test_the_result_states_what_is_live_and_how_it_was_verified(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    seen = ("DescribeEndpoint", "smoke api")
    assert endings(run(deploy_plan))["reviews"] == ("launched", None, V1, seen)
    assert endings(run(deploy_plan))["reviews"] == ("unchanged", V1, V1, seen)
    tools.due = {"reviews": "it runs version 1"}
    released = endings(run(deploy_plan))["reviews"]
    assert released == ("released", V1, V2, ("DescribeEndpoint", "probe of the release", "smoke api"))


def test_a_release_of_batch_jobs_claims_no_probe(
    run: Runs, deploy_plan: Plan, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [
        EndpointState(V1, True, "arn:version/2", False, "jobs take version 1", jobs=True),
        EndpointState(V2, True, "arn:version/2", False, last="released", jobs=True),
    ]
    monkeypatch.setattr(tools, "endpoints", lambda cloud, parameters: {"reviews": states.pop(0)})
    tools.release_answer = lambda name: ReleaseResult(name, "arn:execution", "SUCCEEDED", True, V2)
    assert endings(run(deploy_plan))["reviews"] == ("released", V1, V2, ("DescribeModel", "smoke api"))


def test_a_reported_success_of_a_release_is_verified(
    run: Runs, deploy_plan: Plan, tools: FakeTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(deploy_plan)
    stays = EndpointState(V1, True, "arn:version/2", False, "it runs version 1", "rolled-back")
    monkeypatch.setattr(tools, "endpoints", lambda cloud, parameters: {"reviews": stays})
    result = run(deploy_plan)
    assert endings(result)["reviews"] == ("rolled-back", V1, V1, ("DescribeEndpoint",))
    assert result.exit_code == ReleaseFailed.exit_code


def test_a_release_without_its_state_machine_names_the_stack_to_deploy(
    run: Runs, deploy_plan: Plan, tools: FakeTools
) -> None:
    tools.due = {"reviews": "it runs version 1"}
    tools.terraform.silent.add("releases")
    result = run(
        dataclasses.replace(deploy_plan, steps=tuple(step for step in deploy_plan.steps if step.name != "releases"))
    )
    assert result.exit_code == ReleaseFailed.exit_code
    assert result.error is not None
    assert result.error.hint == "`orchestrator deploy local` deploys the stack `releases`"
    assert endings(result)["reviews"] == ("due", None, V1, ())
