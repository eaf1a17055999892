"""Choose a target and its stand-ins."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_routing import routes, selection


def targets(**weights: float) -> tuple[Any, ...]:
    return tuple(routes.Target(name, f"ep-{name}", weight) for name, weight in weights.items())


def names(decision: Any) -> list[str]:
    return [t.name for t in decision.order]


def test_weights_share_the_traffic() -> None:
    both = targets(a=3, b=1)
    draws = [selection.draw_for(f"request-{n}") for n in range(4000)]
    shares = Counter(names(selection.choose(both, (), draw))[0] for draw in draws)
    assert 0.72 < shares["a"] / 4000 < 0.78


def test_a_request_always_gets_the_same_draw() -> None:
    assert selection.draw_for("r-1") == selection.draw_for("r-1") != selection.draw_for("r-2")


@pytest.mark.parametrize(
    ("weights", "unhealthy", "draw", "order", "reason"),
    [
        ({"a": 1}, (), 0.5, ["a"], "only target"),
        ({"a": 1, "b": 1}, (), 0.2, ["a", "b"], "weight"),
        ({"a": 1, "b": 1}, (), 0.7, ["b", "a"], "weight"),
        ({"a": 1, "b": 0}, (), 0.999, ["a", "b"], "weight"),
        ({"a": 1, "b": 0}, ("a",), 0.2, ["b"], "fallback"),
        ({"a": 1, "b": 1, "c": 1}, ("b",), 0.9, ["c", "a"], "weight"),
        ({"a": 1, "b": 1}, ("a", "b"), 0.7, ["b"], "nothing healthy"),
        ({"a": 0, "b": 0}, (), 0.9, ["a", "b"], "weight"),
    ],
)
def test_order_of_targets(
    weights: dict[str, float], unhealthy: tuple[str, ...], draw: float, order: list[str], reason: str
) -> None:
    decision = selection.choose(targets(**weights), unhealthy, draw)
    assert (names(decision), decision.reason) == (order, reason)


def test_every_healthy_target_is_in_the_order_exactly_once() -> None:
    @given(
        weights=st.lists(st.integers(0, 5), min_size=1, max_size=6),
        sick=st.sets(st.integers(0, 5)),
        draw=st.floats(0, 1, exclude_max=True),
    )
    def check(weights: list[int], sick: set[int], draw: float) -> None:
        all_targets = targets(**{f"t{n}": w for n, w in enumerate(weights)})
        decision = selection.choose(all_targets, {f"t{n}" for n in sick}, draw)
        healthy = sorted(t.name for t in all_targets if t.name not in {f"t{n}" for n in sick})
        assert sorted(names(decision)) == healthy or (not healthy and len(decision.order) == 1)

    check()
