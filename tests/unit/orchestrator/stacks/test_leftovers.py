"""Stacks that have a state but no files any more: found, shown, confirmed and destroyed."""

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


def find(tools: FakeTools, graph: Graph) -> tuple[Stack, ...]:
    return leftovers.find(tools.store, graph)


@pytest.fixture
def gone(tools: FakeTools, graph: Graph) -> tuple[Stack, ...]:
    no_pages = {"get_paginator": lambda operation_name: _Empty()}
    tools.aws.services["sagemaker"] = {**no_pages, "delete_endpoint_config": {}, "delete_model": {}}
    left(tools, SIDE, OLD)
    return find(tools, graph)


class _Empty:
    def paginate(self, **arguments: object) -> list[dict[str, object]]:
        return [{}]


def test_stacks_with_a_state_but_no_file_are_found_blueprints_first(graph: Graph) -> None:
    states = {"foundation": state(QUEUE), SIDE: state(QUEUE), "emptied": state(), OLD: state(QUEUE)}
    stacks = leftovers.find(FakeStateStore(states=states), graph)
    assert [(each.name, each.gone, each.former_blueprint) for each in stacks] == [
        (OLD, True, "old"),
        (SIDE, True, None),
    ]


def test_an_unreadable_state_is_an_error(graph: Graph) -> None:
    class Truncated(FakeStateStore):
        def read(self, stack: str) -> State | None:
            raise TerraformError(f"{stack} is not JSON")

    with pytest.raises(TerraformError, match="blueprint-old is not JSON"):
        leftovers.find(Truncated(states={OLD: state(QUEUE)}), graph)


def test_a_deploy_destroys_leftovers_after_all_stacks_that_may_use_them(
    environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    plan = plans.deploy(environment, graph, leftovers=gone)
    steps = {step.name: step for step in plan.steps}
    assert isinstance(steps[OLD], DestroyStack)
    assert {step.name for step in plan.steps if isinstance(step, DeployStack)} <= set(steps[OLD].needs)
    assert OLD in steps[SIDE].needs, "blueprints use resources of other stacks"
    [remains] = [step for step in plan.steps if isinstance(step, RemoveReleases)]
    assert (remains.blueprints, remains.needs) == (("old",), (OLD,))
    assert any(f"{OLD} " in line and "destroy: its file is gone" in line for line in explain.describe(plan))


def test_a_deploy_reports_destroyed_leftovers_and_leaves_none(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    tools.store.proofs |= {OLD: {}, "smoke-old": {}}
    result = run(plans.deploy(environment, graph, leftovers=gone))
    assert result.status == "ok", result.error
    ended = {each.name: (each.action, each.reason) for each in result.stacks}
    assert ended[OLD] == ended[SIDE] == ("destroyed", "its file is gone")
    assert find(tools, graph) == ()
    assert {OLD, "smoke-old"}.isdisjoint(tools.store.proofs)


def test_leftovers_stay_if_a_stack_that_may_use_them_fails(
    run: Runs, tools: FakeTools, environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    tools.terraform.failures["apply", "monitoring"] = TerraformError("no")
    result = run(plans.deploy(environment, graph, leftovers=gone))
    assert {each.name: each.action for each in result.stacks}[OLD] == "skipped"
    assert not tools.store.states[OLD].is_empty


@pytest.fixture
def staging(tmp_path: Path) -> Confirmed:
    environment = load(REPO, "staging")
    tools = FakeTools(tmp_path, environment)
    tools.live[live_parameter(environment, "reviews")] = dict(VERSION)
    left(tools, SIDE)
    return Confirmed(tools, graphs.build(phases.read(REPO), environment))


@dataclass
class Confirmed:
    """An environment that requires confirmation, with a stack that has no files any more."""

    tools: FakeTools
    graph: Graph

    def deploy(self, *accepted: RiskClass) -> Result:
        plan = plans.deploy(self.tools.environment, self.graph, leftovers=find(self.tools, self.graph))
        return Runs(self.tools, self.graph)(plan, approval=Approval(Granted(frozenset(accepted), yes=True)))


def test_the_destruction_and_its_risks_are_shown_before_the_confirmation(staging: Confirmed) -> None:
    staging.tools.terraform.removals[SIDE] = LOSS
    refused = staging.deploy()
    assert (refused.exit_code, refused.error and refused.error.step) == (15, "approval")
    assert [(risk.kind, risk.stack) for risk in refused.risks] == [("state-loss", SIDE)]
    assert not staging.tools.store.states[SIDE].is_empty
    done = staging.deploy("state-loss")
    assert done.status == "ok", done.error
    assert staging.tools.store.states[SIDE].is_empty


def test_a_destruction_outside_the_preview_requires_another_confirmation(staging: Confirmed) -> None:
    def add_a_resource(stack: str) -> None:
        staging.tools.terraform.removals[SIDE] = LOSS

    staging.tools.terraform.before_apply = add_a_resource
    refused = staging.deploy()
    assert (refused.exit_code, refused.error and refused.error.step) == (15, SIDE)
    assert not staging.tools.store.states[SIDE].is_empty


def test_a_preview_shows_leftovers_and_changes_nothing(
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


def test_destroy_removes_leftovers_before_the_stacks_that_they_use(
    environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    steps = {step.name: step for step in plans.destroy(environment, graph, gone).steps}
    assert {OLD, SIDE} <= set(steps["foundation"].needs)
    assert {OLD, SIDE} <= set(steps["inference"].needs)
    assert {OLD, SIDE} <= set(steps["model versions"].needs) & set(steps["audit"].needs)


def test_a_blueprint_without_a_file_can_be_destroyed(
    environment: Environment, graph: Graph, gone: tuple[Stack, ...]
) -> None:
    plan = plans.destroy_blueprints(environment, graph, ["old", "chat"], gone)
    assert {stack.name for stack in plan.stacks} == {OLD, "blueprint-chat"}
    assert [stack.name for stack in plans.destroy_blueprints(environment, graph, ["old"], gone).stacks] == [OLD]


def test_the_root_of_a_leftover_has_only_a_provider(tmp_path: Path) -> None:
    lock = tmp_path.parent / f"{tmp_path.name}.lock.hcl"
    lock.write_text("locked", encoding="utf-8")
    leftovers.write_root(tmp_path, lock)
    assert {each.name for each in tmp_path.iterdir()} == {"main.tf.json", lock.name}
    document = json.loads((tmp_path / "main.tf.json").read_text(encoding="utf-8"))
    assert set(document) == {"terraform", "variable", "provider"}
    assert document["terraform"]["backend"] == {"s3": {}}
