"""The router's pure parts: choice of targets, route cache, deadline."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def logic(load_function: Any) -> Any:
    return load_function("model_router", ROUTES_PREFIX="/r")


def targets(logic: Any, **weights: float) -> tuple[Any, ...]:
    return tuple(logic.routes.Target(name, f"ep-{name}", weight) for name, weight in weights.items())


def names(decision: Any) -> list[str]:
    return [t.name for t in decision.order]


def test_weights_share_the_traffic(logic: Any) -> None:
    both = targets(logic, a=3, b=1)
    draws = [logic.routing.draw_for(f"request-{n}") for n in range(4000)]
    shares = Counter(names(logic.routing.choose(both, (), draw))[0] for draw in draws)
    assert 0.72 < shares["a"] / 4000 < 0.78


def test_one_request_always_takes_the_same_way(logic: Any) -> None:
    assert logic.routing.draw_for("r-1") == logic.routing.draw_for("r-1") != logic.routing.draw_for("r-2")


@pytest.mark.parametrize(
    ("weights", "unhealthy", "draw", "order", "reason"),
    [
        ({"a": 1}, (), 0.5, ["a"], "only target"),
        ({"a": 1, "b": 1}, (), 0.2, ["a", "b"], "weight"),
        ({"a": 1, "b": 1}, (), 0.7, ["b", "a"], "weight"),
        ({"a": 1, "b": 0}, (), 0.999, ["a", "b"], "weight"),
        ({"a": 1, "b": 0}, ("a",), 0.2, ["b", "a"], "weight"),
        ({"a": 1, "b": 1, "c": 1}, ("b",), 0.9, ["c", "a", "b"], "weight"),
        ({"a": 1, "b": 1}, ("a", "b"), 0.2, ["a", "b"], "nothing healthy"),
        ({"a": 0, "b": 0}, (), 0.9, ["a", "b"], "weight"),
    ],
)
def test_order_of_targets(
    logic: Any, weights: dict[str, float], unhealthy: tuple[str, ...], draw: float, order: list[str], reason: str
) -> None:
    decision = logic.routing.choose(targets(logic, **weights), unhealthy, draw)
    assert (names(decision), decision.reason) == (order, reason)


def test_every_target_is_tried_exactly_once(logic: Any) -> None:
    @given(
        weights=st.lists(st.integers(0, 5), min_size=1, max_size=6),
        sick=st.sets(st.integers(0, 5)),
        draw=st.floats(0, 1, exclude_max=True),
    )
    def check(weights: list[int], sick: set[int], draw: float) -> None:
        all_targets = targets(logic, **{f"t{n}": w for n, w in enumerate(weights)})
        decision = logic.routing.choose(all_targets, {f"t{n}" for n in sick}, draw)
        assert sorted(names(decision)) == sorted(t.name for t in all_targets)

    check()


class Store:
    def __init__(self, text: str | None) -> None:
        self.text = text
        self.reads = 0

    def read(self, name: str, timeout_seconds: int) -> str | None:
        self.reads += 1
        return self.text


RECORD = '{"kind": "realtime", "source": "bedrock", "targets": [{"name": "p", "model_id": "m"}]}'


def test_routes_are_remembered_for_their_time(logic: Any) -> None:
    now = [0.0]
    store = Store(RECORD)
    table = logic.routes.RouteTable(store, 30, lambda: now[0])
    for moment, reads in ((0, 1), (29.9, 1), (30, 2), (59, 2), (61, 3)):
        now[0] = moment
        assert table.get("chat", 1).targets == (logic.routes.Target("p", "m", 1),)
        assert store.reads == reads


def test_an_unknown_route_is_asked_for_again(logic: Any) -> None:
    store = Store(None)
    table = logic.routes.RouteTable(store, 30, lambda: 0.0)
    for _ in range(2):
        with pytest.raises(Exception, match="there is no blueprint 'chat'"):
            table.get("chat", 1)
    store.text = RECORD
    assert table.get("chat", 1).source == "bedrock"


def test_call_timeout_is_what_is_left_in_whole_seconds(logic: Any) -> None:
    now = [100.0]
    deadline = logic.deadline.Deadline.after(28, lambda: now[0])
    assert deadline.call_timeout() == 28
    now[0] = 126.5
    assert deadline.call_timeout() == 1
    now[0] = 127.5
    with pytest.raises(Exception, match="no time is left"):
        deadline.call_timeout()
