"""Smoke probes of deployed blueprints, after a deployment and by themselves."""

from __future__ import annotations

from orchestrator.config import Environment
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Plan
from tests.fakes.tools import FakeTools
from tests.unit.orchestrator.conftest import Runs

CHATS = ["chat-async", "chat-batch", "chat-serverless", "chat"]
REVIEWS = ["reviews-async", "reviews-batch", "reviews-serverless", "reviews"]


def test_a_failed_probe_fails_the_deploy(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.probes["reviews"] = "failed"
    result = run(deploy_plan)
    assert (result.status, result.exit_code) == ("failed", 10)
    assert [probe.blueprint for probe in result.smoke if probe.status == "failed"] == ["reviews"]
    assert len(result.smoke) == len([*CHATS, *REVIEWS])
    assert result.error is not None
    assert result.error.message == "1 of 1 smoke probes of reviews failed: api: "


def test_all_failed_probes_are_reported(run: Runs, deploy_plan: Plan, tools: FakeTools) -> None:
    tools.probes = {"reviews": "failed", "chat-batch": "failed"}
    result = run(deploy_plan)
    assert result.error is not None
    assert result.error.message == (
        "1 of 1 smoke probes of chat-batch failed: batch: ; 1 of 1 smoke probes of reviews failed: api: "
    )


def test_smoke_fails_if_nothing_is_deployed(
    run: Runs, deploy_plan: Plan, graph: Graph, environment: Environment
) -> None:
    run(deploy_plan)
    run(plans.destroy_blueprints(environment, graph, [*CHATS, *REVIEWS]))
    result = run(plans.smoke(environment, graph))
    assert (result.exit_code, result.smoke) == (10, [])
    assert result.error is not None
    assert result.error.message == "no blueprint of `local` is deployed, so there is nothing to test"


def test_smoke_logs_which_blueprints_it_skips(
    run: Runs, deploy_plan: Plan, graph: Graph, environment: Environment
) -> None:
    run(deploy_plan)
    run(plans.destroy_blueprints(environment, graph, ["chat"]))
    result = run(plans.smoke(environment, graph))
    assert result.exit_code == 0
    assert "chat" not in {probe.blueprint for probe in result.smoke}
    log = (run.tools.repo / ".runs/local" / result.run_id / "logs/smoke-chat.log").read_text()
    assert "skipped: not deployed" in log


def test_smoke_alone_probes_what_is_deployed(
    run: Runs, deploy_plan: Plan, graph: Graph, environment: Environment
) -> None:
    run(deploy_plan)
    result = run(plans.smoke(environment, graph))
    assert (result.command, result.exit_code, len(result.smoke)) == ("smoke", 0, 8)
