"""When the training pipeline runs, what it reports, and which versions wait for approval."""

from __future__ import annotations

import dataclasses

from orchestrator.config import Environment
from orchestrator.config.model.platform import ModelGroup
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Plan
from orchestrator.planning.values import HASH_KEY
from tests.fakes.tools import VERSION, FakeTools, pending_version, pipeline_succeeds, pipeline_waits
from tests.unit.orchestrator.conftest import Runs

CHATS = ["chat-async", "chat-batch", "chat-serverless", "chat"]


def test_the_pipeline_runs_again_only_on_request(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    tools.live["/mlops/local/models/reviews/live"] = dict(VERSION)
    assert run(plans.deploy(environment, graph)).pipeline is None
    assert run(plans.deploy(environment, graph, force_pipeline=True)).pipeline is not None


def test_a_live_version_without_the_hash_of_its_archive_is_trained_again(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    """Releases refuse it: without the hash, a replaced archive cannot be detected."""
    tools.live["/mlops/local/models/reviews/live"] = {k: v for k, v in VERSION.items() if k != HASH_KEY}
    assert run(plans.deploy(environment, graph)).pipeline is not None


def test_a_failed_pipeline_is_reported_and_leaves_its_blueprint_out(
    run: Runs, deploy_plan: Plan, tools: FakeTools
) -> None:
    tools.pipeline_answer = lambda: dataclasses.replace(
        pipeline_succeeds(), status="FAILED", model_package_arn=None, error="ModelRejected"
    )
    result = run(deploy_plan)
    assert result.exit_code == 9
    assert result.error is not None
    assert "ModelRejected" in result.error.message
    actions = {stack.name: stack.action for stack in result.stacks}
    assert (actions["blueprint-reviews"], actions["blueprint-chat"]) == ("skipped", "created")


def test_without_an_approved_model_the_rest_is_deployed_and_the_exit_code_is_11(
    run: Runs, deploy_plan: Plan, tools: FakeTools
) -> None:
    tools.makes_live = False
    result = run(deploy_plan)
    assert result.exit_code == 11
    actions = {stack.name: (stack.action, stack.reason) for stack in result.stacks}
    assert actions["blueprint-reviews"] == ("skipped", "waiting for an approved model version of `reviews`")
    assert actions["monitoring"][0] == "created"
    assert [probe.blueprint for probe in result.smoke] == CHATS


def test_a_group_without_a_training_waits_for_an_import(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph
) -> None:
    registry = environment.platform.registry
    groups = {**registry.groups, "fraud": ModelGroup(description="Fraud")}
    platform = environment.platform.model_copy(update={"registry": registry.model_copy(update={"groups": groups})})
    blueprints = tuple(
        each.model_copy(update={"model": each.model.model_copy(update={"group": "fraud"})})
        if each.name == "reviews"
        else each
        for each in environment.blueprints
    )
    tools.environment = environment.model_copy(update={"platform": platform, "blueprints": blueprints})
    result = run(plans.deploy(tools.environment, graph))
    assert (result.exit_code, result.pipeline is not None) == (11, True)
    assert result.error is not None
    assert "`orchestrator model import local fraud ARTEFACT --framework sklearn` imports one" in str(result.error.hint)


def test_a_version_that_waits_for_approval_has_a_dedicated_exit_code(
    run: Runs, deploy_plan: Plan, tools: FakeTools
) -> None:
    tools.pipeline_answer = pipeline_waits
    result = run(deploy_plan)
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
    # The next run trains nothing, and reports the same.
    again = run(deploy_plan)
    assert (again.exit_code, again.error, again.pipeline) == (19, result.error, None)
    assert len(tools.pipeline_runs) == 1


def test_a_version_that_waits_beside_a_live_one_is_a_warning(
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


def test_a_forced_pipeline_runs_even_if_a_version_waits(
    run: Runs, environment: Environment, graph: Graph, tools: FakeTools
) -> None:
    tools.pending = [pending_version()]
    result = run(plans.deploy(environment, graph, force_pipeline=True))
    assert (result.exit_code, len(tools.pipeline_runs)) == (0, 1)


def test_missing_sample_data_is_reported_before_the_pipeline_starts(
    run: Runs, deploy_plan: Plan, tools: FakeTools
) -> None:
    (tools.repo / ".cache/datasets/reviews/source=amazon/reviews.txt").unlink()
    result = run(deploy_plan)
    assert result.exit_code == 4
    assert tools.pipeline_runs == []
