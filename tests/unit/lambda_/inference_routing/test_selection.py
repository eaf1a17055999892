"""Target selection, route cache, route records and deadline."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_common import errors
from inference_routing import route_table, routes, selection
from inference_routing.deadline import Deadline


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


class Store:
    """Returns one record, or raises one error, for every name."""

    def __init__(self, said: Any) -> None:
        self.said = said
        self.reads = 0

    def read(self, name: str, timeout_seconds: float) -> str | None:
        self.reads += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said  # type: ignore[no-any-return]

    def list(self, timeout_seconds: float) -> Any:
        self.reads += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


RECORD = '{"kind": "realtime", "source": "bedrock", "targets": [{"name": "p", "model_id": "m"}]}'


def test_routes_are_cached_for_their_time() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    for moment, reads in ((0, 1), (29.9, 1), (30, 2), (59, 2), (61, 3)):
        now[0] = moment
        found = table.get("chat", 1)
        assert (found.route.targets[0].address, found.route.targets[0].source) == ("m", "bedrock")
        assert (found.stale, store.reads) == (False, reads)


def test_an_unknown_route_is_not_cached() -> None:
    store = Store(None)
    table = route_table.RouteTable(store, 30, lambda: 0.0)
    for _ in range(2):
        with pytest.raises(errors.UnknownBlueprint, match="there is no blueprint 'chat'"):
            table.get("chat", 1)
    store.said = RECORD
    assert table.get("chat", 1).route.source == "bedrock"


def test_a_cached_route_is_used_while_the_store_is_unavailable() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    table.get("chat", 1)
    store.said = errors.Throttled("rate exceeded")
    for moment, reads in ((31, 2), (35, 2), (36, 3)):
        now[0] = moment
        found = table.get("chat", 1)
        assert (found.route.source, found.stale, store.reads) == ("bedrock", True, reads)
    store.said = RECORD
    now[0] = 42
    assert table.get("chat", 1).stale is False


@pytest.mark.parametrize("error", [errors.Throttled("x"), errors.InternalError("AccessDenied")])
def test_an_uncached_route_fails_while_the_store_is_unavailable(error: Exception) -> None:
    with pytest.raises(type(error)):
        route_table.RouteTable(Store(error), 30, lambda: 0.0).get("chat", 1)


def test_a_missing_permission_is_not_transient() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    table.get("chat", 1)
    store.said, now[0] = errors.InternalError("AccessDenied"), 31
    with pytest.raises(errors.InternalError):
        table.get("chat", 1)


def test_a_deleted_route_is_dropped() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    table.get("chat", 1)
    store.said, now[0] = None, 31
    with pytest.raises(errors.UnknownBlueprint):
        table.get("chat", 1)
    store.said = errors.Throttled("x")
    with pytest.raises(errors.Throttled):
        table.get("chat", 1)


def test_names_are_cached_and_kept_while_the_store_is_unavailable() -> None:
    now = [0.0]
    records = [route_table.Record("reviews", 2, RECORD), route_table.Record("chat", 1, "broken")]
    store = Store(records)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    assert [(r.name, r.kind) for r in table.names(1)] == [("chat", ""), ("reviews", "realtime")]
    assert (len(table.names(1)), store.reads) == (2, 1)
    store.said, now[0] = errors.Throttled("x"), 31
    assert (len(table.names(1)), store.reads) == (2, 2)


def test_a_route_newer_than_the_list_refreshes_the_list() -> None:
    chat, reviews = (route_table.Record(name, 1, RECORD) for name in ("chat", "reviews"))
    store = Store([chat])
    table = route_table.RouteTable(store, 30, lambda: 0.0)
    assert table.names(1) == (chat,)
    store.said = RECORD
    table.get("chat", 1)
    assert table.names(1) == (chat,), "known of it already: not asked for again"
    table.get("reviews", 1)
    store.said = [chat, reviews]
    assert table.names(1) == (chat, reviews)


FULL = {
    "kind": "serverless",
    "source": "sagemaker",
    "targets": [
        {"name": "primary", "endpoint_name": "ep", "timeout_seconds": 5, "format": "text"},
        {
            "name": "spare",
            "source": "bedrock",
            "model_id": "arn",
            "base_model_id": "amazon.nova-lite-v1:0",
            "weight": 0,
        },
    ],
    "guardrail": {"id": "g", "version": 1},
    "shadow": {"share": 0.5, "target": {"name": "next", "endpoint_name": "ep2"}},
    "retry": {"retries": 1, "base_seconds": 0, "max_seconds": 1},
    "cooldown": {"failures": 2, "seconds": 5},
    "log_payloads": True,
}


def test_one_route_may_lead_to_both_sources() -> None:
    route = routes.parse_route("chat", json.dumps(FULL))
    primary, spare = route.targets
    assert (primary.source, primary.address, primary.serverless, primary.format) == ("sagemaker", "ep", True, "text")
    assert (spare.source, spare.address, spare.serverless, spare.family) == (
        "bedrock",
        "arn",
        False,
        "amazon.nova-lite-v1:0",
    )
    assert (route.guardrail.id, route.guardrail.version) == ("g", "1")
    assert (route.shadow.share, route.shadow.target.address) == (0.5, "ep2")
    assert (route.retry.retries, route.cooldown.failures, route.log_payloads) == (1, 2, True)


@pytest.mark.parametrize(
    "broken",
    [
        {"targets": []},
        {"source": "azure"},
        {"targets": [{"name": "p", "source": "bedrock", "endpoint_name": "ep"}]},
        {"targets": [FULL["targets"][0], FULL["targets"][0]]},
        {"targets": [{"name": "p", "endpoint_name": "ep", "weight": -1}]},
        {"targets": [{"name": "p", "endpoint_name": "ep", "timeout_seconds": 0.1}]},
        {"shadow": {"share": 2, "target": {"name": "n", "endpoint_name": "e"}}},
        {"guardrail": {"id": "g"}},
        {"retry": {"retries": 99}},
        {"retry": {"unknown": 1}},
        {"cooldown": {"failures": 0}},
    ],
)
def test_a_malformed_record_is_an_internal_error(broken: dict[str, Any]) -> None:
    with pytest.raises(errors.InternalError, match="the route record of 'chat'"):
        routes.parse_route("chat", json.dumps({**FULL, **broken}))


def test_the_deadline_counts_down() -> None:
    now = [100.0]
    deadline = Deadline.after(28, lambda: now[0])
    assert deadline.call_timeout() == 28
    assert deadline.sooner(5).remaining() == 5
    assert deadline.sooner(50).remaining() == deadline.sooner(None).remaining() == 28
    assert deadline.before(2).remaining() == 26
    now[0] = 127.0
    assert (deadline.leaves(0.5), deadline.leaves(0.6)) == (True, False)
    now[0] = 127.6
    with pytest.raises(errors.DeadlineExceeded, match="no time is left"):
        deadline.call_timeout()
