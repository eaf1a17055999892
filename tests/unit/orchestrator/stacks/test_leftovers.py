"""Stacks that have a state and no files any more: seen, shown, asked about and destroyed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.config import Environment, load
from orchestrator.core.state import State
from orchestrator.errors import TerraformError
from orchestrator.planning import graph as graphs
from orchestrator.planning import phases, plans
from orchestrator.planning.graph import Graph, Stack
from orchestrator.planning.steps import DeployStack, DestroyStack, RemoveReleases
from orchestrator.planning.values import live_parameter
from orchestrator.reporting import explain
from orchestrator.risk import RiskClass
from orchestrator.runs.result import Result
from orchestrator.session.approval import Approval, Granted
from orchestrator.session.session import Session
from orchestrator.stacks import leftovers
from tests.fakes.state import FakeStateStore
from tests.fakes.tools import VERSION, FakeTools
from tests.unit.orchestrator.conftest import REPO, Runs
from tests.unit.orchestrator.risk.conftest import change

OLD, SIDE = "blueprint-old", "side-of-old"
QUEUE = "module.m.aws_sqs_queue.this"
LOSS = {"resource_changes": [change("aws_sqs_queue", {"name": "q"}, None)]}


def state(*addresses: str) -> State:
    return State(3, "lineage", {}, addresses)


def left(tools: FakeTools, *names: str) -> None:
    for name in names:
        tools.store.states[name] = state(QUEUE)
        tools.terraform.holds(name, QUEUE)


def found(tools: FakeTools, graph: Graph) -> tuple[Stack, ...]:
    return leftovers.find(tools.store, graph)


@pytest.fixture
def gone(tools: FakeTools, graph: Graph) -> tuple[Stack, ...]:
    no_pages = {"get_paginator": lambda operation_name: _Empty()}
    tools.aws.services["sagemaker"] = {**no_pages, "delete_endpoint_config": {}, "delete_model": {}}
    left(tools, SIDE, OLD)
    return found(tools, graph)


class _Empty:
    def paginate(self, **arguments: object) -> list[dict[str, object]]:
        return [{}]


def test_what_has_a_state_and_no_file_is_found_blueprints_first(graph: Graph) -> None:
    states = {"foundation": state(QUEUE), SIDE: state(QUEUE), "emptied": state(), OLD: state(QUEUE)}
    found = leftovers.find(FakeStateStore(states=states), graph)
    assert [(each.name, each.gone, each.former_blueprint) for each in found] == [(OLD, True, "old"), (SIDE, True, None)]


def test_a_state_that_cannot_be_read_is_an_error_and_no_guess(graph: Graph) -> None:
    class Truncated(FakeStateStore):
        def read(self, stack: str) -> State | None:
            raise TerraformError(f"{stack} is not JSON")

    with pytest.raises(TerraformError, match="blueprint-old is not JSON"):
        leftovers.find(Truncated(states={OLD: state(QUEUE)}), graph)


def test_a_deploy_destroys_them_after_everything_that_may_have_used_them(
    environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    wanted = plans.deploy(environment, graph, leftovers=gone)
    steps = {step.name: step for step in wanted.steps}
    assert isinstance(steps[OLD], DestroyStack)
    assert {step.name for step in wanted.steps if isinstance(step, DeployStack)} <= set(steps[OLD].needs)
    assert OLD in steps[SIDE].needs, "blueprints use what other stacks make"
    [remains] = [step for step in wanted.steps if isinstance(step, RemoveReleases)]
    assert (remains.blueprints, remains.needs) == (("old",), (OLD,))
    assert any(f"{OLD} " in line and "destroy: its file is gone" in line for line in explain.describe(wanted))


def test_what_a_deploy_destroyed_is_told_and_nothing_is_left(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    tools.store.proofs |= {OLD: {}, "smoke-old": {}}
    result = run(plans.deploy(environment, graph, leftovers=gone))
    assert result.status == "ok", result.error
    ended = {each.name: (each.action, each.reason) for each in result.stacks}
    assert ended[OLD] == ended[SIDE] == ("destroyed", "its file is gone")
    assert found(tools, graph) == ()
    assert {OLD, "smoke-old"}.isdisjoint(tools.store.proofs)


def test_a_stack_that_failed_keeps_what_it_may_still_use(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    tools.terraform.failures["apply", "monitoring"] = TerraformError("no")
    result = run(plans.deploy(environment, graph, leftovers=gone))
    assert {each.name: each.action for each in result.stacks}[OLD] == "skipped"
    assert not tools.store.states[OLD].is_empty


@pytest.fixture
def staging(tmp_path: Path) -> Asking:
    environment = load(REPO, "staging")
    tools = FakeTools(tmp_path, environment)
    tools.live[live_parameter(environment, "reviews")] = dict(VERSION)
    left(tools, SIDE)
    return Asking(tools, graphs.build(phases.read(REPO), environment))


@dataclass
class Asking:
    """An environment that asks, and a stack of it that has no files any more."""

    tools: FakeTools
    graph: Graph

    def deploy(self, *accepted: RiskClass) -> Result:
        plan = plans.deploy(self.tools.environment, self.graph, leftovers=found(self.tools, self.graph))
        return Runs(self.tools, self.graph)(plan, approval=Approval(Granted(frozenset(accepted), yes=True)))


def test_an_environment_that_asks_shows_the_destruction_and_its_risks_first(staging: Asking) -> None:
    staging.tools.terraform.removals[SIDE] = LOSS
    refused = staging.deploy()
    assert (refused.exit_code, refused.error and refused.error.step) == (15, "approval")
    assert [(risk.kind, risk.stack) for risk in refused.risks] == [("state-loss", SIDE)]
    assert not staging.tools.store.states[SIDE].is_empty
    done = staging.deploy("state-loss")
    assert done.status == "ok", done.error
    assert staging.tools.store.states[SIDE].is_empty


def test_what_the_preview_did_not_show_is_asked_about_before_it_is_destroyed(staging: Asking) -> None:
    def somebody_adds_to_it(stack: str) -> None:
        staging.tools.terraform.removals[SIDE] = LOSS

    staging.tools.terraform.before_apply = somebody_adds_to_it
    refused = staging.deploy()
    assert (refused.exit_code, refused.error and refused.error.step) == (15, SIDE)
    assert not staging.tools.store.states[SIDE].is_empty


def test_a_plan_shows_them_and_touches_nothing(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    run(plans.deploy(environment, graph))
    tools.terraform.calls.clear()
    session = run.last
    assert session is not None
    target = session.target

    def prepare(session: Session) -> None:
        session.results.target = target

    result = run(plans.preview(environment, gone), prepare)
    assert [(each.name, each.action, each.destroyed) for each in result.stacks] == [
        (OLD, "destroyed", 1),
        (SIDE, "destroyed", 1),
    ]
    assert ("apply", OLD) not in tools.terraform.calls


def test_destroy_takes_them_before_what_they_use(
    environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    steps = {step.name: step for step in plans.destroy(environment, graph, gone).steps}
    assert {OLD, SIDE} <= set(steps["foundation"].needs)
    assert {OLD, SIDE} <= set(steps["inference"].needs)
    assert {OLD, SIDE} <= set(steps["model versions"].needs) & set(steps["audit"].needs)


def test_destroy_of_one_blueprint_whose_file_is_gone(
    environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    wanted = plans.destroy_blueprints(environment, graph, ["old", "chat"], gone)
    assert {stack.name for stack in wanted.stacks} == {OLD, "blueprint-chat"}
    assert [stack.name for stack in plans.destroy_blueprints(environment, graph, ["old"], gone).stacks] == [OLD]


def test_its_root_is_a_provider_and_nothing_else(tmp_path: Path) -> None:
    lock = tmp_path.parent / f"{tmp_path.name}.lock.hcl"
    lock.write_text("locked", encoding="utf-8")
    leftovers.write_root(tmp_path, lock)
    assert {each.name for each in tmp_path.iterdir()} == {"main.tf.json", lock.name}
    document = json.loads((tmp_path / "main.tf.json").read_text(encoding="utf-8"))
    assert set(document) == {"terraform", "variable", "provider"}
    assert document["terraform"]["backend"] == {"s3": {}}
