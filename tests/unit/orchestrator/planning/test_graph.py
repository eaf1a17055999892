from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import Environment
from orchestrator.errors import ConfigError, PlatformError
from orchestrator.planning import graph as graphs
from orchestrator.planning.graph import Graph
from orchestrator.planning.phases import Phase

BLUEPRINTS = tuple(
    f"blueprint-{model}{kind}" for model in ("chat", "reviews") for kind in ("", "-async", "-batch", "-serverless")
)


def phase(name: str, order: int, *needs: str, values: tuple[str, ...] = ()) -> Phase:
    return Phase(name, order, name, f"terraform/phases/{order}-{name}", needs, values, needs, ())


def test_stacks_are_the_phases_and_one_per_blueprint(graph: Graph) -> None:
    assert sorted(graph.names) == [
        *BLUEPRINTS, "buckets", "data", "features", "foundation", "inference", "models", "monitoring", "notifications",
        "releases", "retention", "studio",
    ]  # fmt: skip


def test_each_stack_comes_after_its_needs(graph: Graph) -> None:
    seen: set[str] = set()
    for stack in graph.stacks:
        assert set(stack.needs) <= seen
        seen.add(stack.name)


@pytest.mark.parametrize("name", ["retention", "notifications", "studio", "features", "releases", "monitoring"])
def test_no_stack_waits_for_a_stack_without_dependents(graph: Graph, name: str) -> None:
    assert [stack.name for stack in graph.stacks if name in stack.needs] == []
    assert not any(need.startswith("blueprint-") for need in graph.stack(name).needs)


def test_a_stack_beside_its_phase_belongs_to_it(graph: Graph) -> None:
    stack = graph.stack("retention")
    assert (stack.phase, stack.order, stack.needs) == ("foundation", 1, ("buckets",))
    assert stack.root == "terraform/phases/1-foundation/retention"


def test_a_phase_can_depend_on_a_stack_beside_it(graph: Graph) -> None:
    assert graph.names[0] == "buckets"
    assert graph.stack("buckets").needs == ()
    assert graph.stack("foundation").upstream == ("buckets",)
    assert [stack.name for stack in graph.stacks if not stack.needs] == ["buckets"]


def test_a_cycle_is_reported_with_its_path(environment: Environment) -> None:
    phases = [phase("inference", 1, "b"), phase("b", 2, "c"), phase("c", 3, "inference")]
    with pytest.raises(ConfigError) as error:
        graphs.build(phases, environment.model_copy(update={"blueprints": ()}))
    path = error.value.message.removeprefix("the dependency graph has a cycle: ").split(" → ")
    assert path[0] == path[-1]
    needs = {"inference": "b", "b": "c", "c": "inference"}
    assert [needs[name] for name in path[:-1]] == path[1:]


def test_an_unknown_stack_is_refused_with_the_valid_ones(graph: Graph) -> None:
    with pytest.raises(PlatformError) as error:
        graph.stack("fundation")
    known = "available: buckets, foundation, retention, notifications, data, studio, features, models"
    assert known in error.value.message
    assert error.value.hint == "did you mean `foundation`?"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"phases": ["2"]}, {"data", "features", "studio"}),
        ({"phases": ["models", "data"]}, {"models", "releases", "data", "features", "studio"}),
        ({"phases": ["4"]}, {"inference", *BLUEPRINTS}),
        ({"first": 2, "last": 3}, {"data", "features", "models", "releases", "studio"}),
        ({"last": 1}, {"buckets", "foundation", "notifications", "retention"}),
        ({"first": 5}, {"monitoring"}),
        ({"blueprints": ["chat"]}, {"blueprint-chat", "releases", "monitoring"}),
    ],
)
def test_a_part_of_the_graph(graph: Graph, arguments: dict[str, Any], expected: set[str]) -> None:
    assert {stack.name for stack in graph.select(**arguments)} == expected


def test_no_choice_means_everything(graph: Graph) -> None:
    assert graph.select() == graph.stacks


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"phases": ["9"]}, "there is no phase `9`"),
        (
            {"blueprints": ["chatt"]},
            "there is no blueprint `chatt`; available: chat-async, chat-batch, chat-serverless, chat, reviews-async",
        ),
        ({"first": 4, "last": 2}, "--from 4 is after --to 2"),
    ],
)
def test_a_wrong_part_is_refused(graph: Graph, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(PlatformError, match=message):
        graph.select(**arguments)


def test_a_blueprint_on_bedrock_does_not_wait_for_training(graph: Graph) -> None:
    assert graph.stack("blueprint-chat").needs == ("foundation", "inference")
    trained = graph.stack("blueprint-reviews")
    assert (trained.needs, trained.upstream) == (("foundation", "models", "inference"), ("foundation", "inference"))


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda edge: edge[0] > edge[1])))
def test_any_acyclic_graph_is_ordered(edges: set[tuple[int, int]]) -> None:
    needs = {str(node): [str(low) for high, low in edges if high == node] for node in range(10)}
    order = graphs.order(needs)
    assert sorted(order) == sorted(needs)
    assert all(order.index(need) < order.index(name) for name, direct in needs.items() for need in direct)
