"""Cache route records."""

from __future__ import annotations

from typing import Any

import pytest

from inference_common import errors
from inference_routing import route_table

RECORD = '{"kind": "realtime", "source": "bedrock", "targets": [{"name": "p", "model_id": "m"}]}'


class Store:
    """Returns one record, or raises one error, for every name."""

    def __init__(self, returned: Any) -> None:
        self.returned = returned
        self.reads = 0

    def read(self, name: str, timeout_seconds: float) -> str | None:
        self.reads += 1
        if isinstance(self.returned, Exception):
            raise self.returned
        return self.returned  # type: ignore[no-any-return]

    def list(self, timeout_seconds: float) -> Any:
        self.reads += 1
        if isinstance(self.returned, Exception):
            raise self.returned
        return self.returned


def test_routes_are_cached_for_their_time() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    for moment, reads in ((0, 1), (29.9, 1), (30, 2), (59, 2), (61, 3)):
        now[0] = moment
        entry = table.get("chat", 1)
        assert (entry.route.targets[0].address, entry.route.targets[0].source) == ("m", "bedrock")
        assert (entry.stale, store.reads) == (False, reads)


def test_an_unknown_route_is_not_cached() -> None:
    store = Store(None)
    table = route_table.RouteTable(store, 30, lambda: 0.0)
    for _ in range(2):
        with pytest.raises(errors.UnknownBlueprint, match="there is no blueprint 'chat'"):
            table.get("chat", 1)
    store.returned = RECORD
    assert table.get("chat", 1).route.source == "bedrock"


def test_a_cached_route_is_used_while_the_store_is_unavailable() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    table.get("chat", 1)
    store.returned = errors.Throttled("rate exceeded")
    for moment, reads in ((31, 2), (35, 2), (36, 3)):
        now[0] = moment
        entry = table.get("chat", 1)
        assert (entry.route.source, entry.stale, store.reads) == ("bedrock", True, reads)
    store.returned = RECORD
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
    store.returned, now[0] = errors.InternalError("AccessDenied"), 31
    with pytest.raises(errors.InternalError):
        table.get("chat", 1)


def test_a_deleted_route_is_dropped() -> None:
    now = [0.0]
    store = Store(RECORD)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    table.get("chat", 1)
    store.returned, now[0] = None, 31
    with pytest.raises(errors.UnknownBlueprint):
        table.get("chat", 1)
    store.returned = errors.Throttled("x")
    with pytest.raises(errors.Throttled):
        table.get("chat", 1)


def test_names_are_cached_and_kept_while_the_store_is_unavailable() -> None:
    now = [0.0]
    records = [route_table.Record("reviews", 2, RECORD), route_table.Record("chat", 1, "broken")]
    store = Store(records)
    table = route_table.RouteTable(store, 30, lambda: now[0])
    assert [(r.name, r.kind) for r in table.names(1)] == [("chat", ""), ("reviews", "realtime")]
    assert (len(table.names(1)), store.reads) == (2, 1)
    store.returned, now[0] = errors.Throttled("x"), 31
    assert (len(table.names(1)), store.reads) == (2, 2)


def test_a_route_newer_than_the_list_refreshes_the_list() -> None:
    chat, reviews = (route_table.Record(name, 1, RECORD) for name in ("chat", "reviews"))
    store = Store([chat])
    table = route_table.RouteTable(store, 30, lambda: 0.0)
    assert table.names(1) == (chat,)
    store.returned = RECORD
    table.get("chat", 1)
    assert table.names(1) == (chat,), "it is cached: the list is not read again"
    table.get("reviews", 1)
    store.returned = [chat, reviews]
    assert table.names(1) == (chat, reviews)
