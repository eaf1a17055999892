"""Current versions of records, and rejected records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emulator.services.sagemaker.feature_store.records import (
    InvalidRecord,
    OnlineStore,
    Record,
    Schema,
    lifetime,
    read,
    tombstone,
)

SCHEMA = Schema("id", "at", {"id": "String", "at": "String", "n": "Integral", "x": "Fractional"})
OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.500Z"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def record(at: str = OLD, **values: str) -> Record:
    return read(SCHEMA, [{"FeatureName": k, "ValueAsString": v} for k, v in ({"id": "1", "at": at} | values).items()])


def current(store: OnlineStore, now: datetime = NOW) -> str | None:
    held = store.get("1", now)
    return held.record.values.get("n") if held else None


def test_the_newest_event_time_wins_whatever_comes_last() -> None:
    store = OnlineStore()
    assert store.put(record(NEW, n="2"))
    assert not store.put(record(OLD, n="1"))
    assert current(store) == "2"


def test_of_two_with_the_same_event_time_the_later_call_wins() -> None:
    store = OnlineStore()
    store.put(record(n="1"))
    store.put(record(n="2"))
    assert current(store) == "2"


def test_a_soft_delete_hides_the_record_from_older_versions_too() -> None:
    store = OnlineStore()
    store.put(record(n="1"))
    store.put(tombstone(SCHEMA, "1", NEW))
    store.put(record(OLD, n="3"))
    assert current(store) is None


def test_a_soft_delete_from_before_changes_nothing() -> None:
    store = OnlineStore()
    store.put(record(NEW, n="1"))
    store.put(tombstone(SCHEMA, "1", OLD))
    assert current(store) == "1"


def test_after_a_hard_delete_an_older_version_can_come_back() -> None:
    store = OnlineStore()
    store.put(record(NEW, n="1"))
    assert store.remove(tombstone(SCHEMA, "1", NEW))
    store.put(record(OLD, n="3"))
    assert current(store) == "3"


def test_a_record_lives_from_its_event_time_on() -> None:
    store = OnlineStore()
    store.put(record(n="1"), lifetime({"Unit": "Days", "Value": 1}))
    assert current(store, NOW - timedelta(seconds=1)) == "1"
    assert current(store, NOW) is None


def test_values_get_the_types_of_their_features_and_what_is_missing_is_null() -> None:
    assert record(n="7").typed(SCHEMA) == {"id": "1", "at": OLD, "n": 7, "x": None}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n": "1.5"}, "'1.5' of n does not match its type Integral"),
        ({"x": "much"}, "'much' of x does not match its type Fractional"),
        ({"other": "1"}, "FeatureName other is not part of the feature group"),
        ({"at": "2026-01-01"}, "Failed to parse event time '2026-01-01'"),
        ({"at": "2026-01-01T00:00:00+02:00"}, "Failed to parse event time"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_with_the_value(values: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRecord, match=message):
        record(**values)


def test_a_record_without_identifier_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="Missing required feature id"):
        read(SCHEMA, [{"FeatureName": "at", "ValueAsString": OLD}])


def test_an_event_time_may_be_unix_seconds() -> None:
    schema = Schema("id", "at", {"id": "String", "at": "Fractional"})
    made = read(schema, [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "1.5"}])
    assert made.event_time == datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)
