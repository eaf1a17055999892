"""Validation of records by their group's definitions, and the online store: the newest event time wins. No I/O."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86400, "Weeks": 604800}
Value = str | int | float | None
TYPES: dict[str, type[int] | type[float] | type[str]] = {"Integral": int, "Fractional": float, "String": str}


class InvalidRecord(Exception):
    """A record that does not fit its group, with the service's message."""


@dataclass(frozen=True)
class Schema:
    """The schema of a group's records. `types` by feature: String, Integral, Fractional."""

    identifier: str
    event_time: str
    types: Mapping[str, str]


@dataclass(frozen=True)
class Record:
    """One version of a record, its values as they were sent."""

    key: str
    event_time: datetime
    values: Mapping[str, str]
    deleted: bool = False

    def typed(self, schema: Schema) -> dict[str, Value]:
        """Return every feature of the group; `None` if the record lacks it."""
        return {name: _typed(kind, self.values[name], name) if name in self.values else None
                for name, kind in schema.types.items()}  # fmt: skip


def read(schema: Schema, features: Sequence[Mapping[str, str]]) -> Record:
    """Raises `InvalidRecord`."""
    values: dict[str, str] = {}
    for feature in features:
        name, value = feature["FeatureName"], feature.get("ValueAsString")
        if name not in schema.types:
            raise InvalidRecord(f"Validation Error: FeatureName {name} is not part of the feature group.")
        if name in values:
            raise InvalidRecord(f"Validation Error: FeatureName {name} is given twice.")
        if value is None:
            raise InvalidRecord(f"Validation Error: Feature {name} has no ValueAsString.")
        _typed(schema.types[name], value, name)
        values[name] = value
    for name in (schema.identifier, schema.event_time):
        if name not in values:
            raise InvalidRecord(f"Validation Error: Missing required feature {name}.")
    return Record(values[schema.identifier], moment(schema, values[schema.event_time]), values)


def tombstone(schema: Schema, key: str, event_time: str) -> Record:
    """Make the marker of a deleted record."""
    return Record(
        key, moment(schema, event_time), {schema.identifier: key, schema.event_time: event_time}, deleted=True
    )


def moment(schema: Schema, text: str) -> datetime:
    """Parse an event time: ISO 8601 in UTC for a String feature, Unix seconds for a Fractional one."""
    try:
        if schema.types[schema.event_time] != "String":
            return datetime.fromtimestamp(float(text), UTC)
        if not text.endswith("Z"):
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRecord(
            f"Validation Error: Failed to parse event time '{text}'; expected yyyy-MM-dd'T'HH:mm:ssZ, "
            "yyyy-MM-dd'T'HH:mm:ss.SSSZ or Unix seconds."
        ) from error


def _typed(kind: str, value: str, name: str) -> Value:
    try:
        return TYPES[kind](value)
    except ValueError as error:
        raise InvalidRecord(
            f"Validation Error: Feature value '{value}' of {name} does not match its type {kind}."
        ) from error


@dataclass(frozen=True)
class Held:
    record: Record
    expires_at: datetime | None


def lifetime(duration: Mapping[str, object] | None) -> timedelta | None:
    """Convert a `TtlDuration`."""
    return timedelta(seconds=UNITS[str(duration["Unit"])] * int(str(duration["Value"]))) if duration else None


class OnlineStore:
    """The online store of one group. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}

    def put(self, record: Record, ttl: timedelta | None = None) -> bool:
        """Store a version unless its event time is older; return whether it is now the current version."""
        with self._lock:
            known = self._held.get(record.key)
            if known and known.record.event_time > record.event_time:
                return False
            self._held[record.key] = Held(record, record.event_time + ttl if ttl else None)
            return True

    def remove(self, record: Record) -> bool:
        """Delete a record without a marker, so that an older version can be stored afterwards."""
        with self._lock:
            known = self._held.get(record.key)
            if known is None or known.record.event_time > record.event_time:
                return False
            del self._held[record.key]
            return True

    def get(self, key: str, now: datetime) -> Held | None:
        """Return the current version; `None` if it never existed, was deleted or has expired."""
        with self._lock:
            held = self._held.get(key)
        if held is None or held.record.deleted or (held.expires_at and held.expires_at <= now):
            return None
        return held
