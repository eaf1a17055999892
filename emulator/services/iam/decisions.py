"""Counts of decisions: the calls that each role makes, and which of them are denied."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KIND = "iam-decision"
CAPACITY = 50_000
"""Limit of distinct decisions; the oldest are dropped first."""


@dataclass
class Decided:
    """A distinct decision, with a count."""

    principal: str
    role: str
    action: str
    resource: str
    decision: str
    by: str
    because: str
    undecided: tuple[str, ...]
    first_at: str
    last_at: str
    count: int = 1


class Decisions:
    """Distinct decisions. Thread-safe."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        self._counts: dict[tuple[str, ...], Decided] = {}

    def note(self, *, principal: str, role: str, action: str, resource: str, decision: str, **why: Any) -> bool:
        """Count a decision; return whether it is the first of its kind. Sessions of one role count as one."""
        key = (role or principal, action, resource, decision, why["by"])
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            known = self._counts.get(key)
            if known:
                known.count += 1
                known.last_at = now
                return False
            self._counts[key] = Decided(principal, role, action, resource, decision, first_at=now, last_at=now, **why)
            if len(self._counts) > self._capacity:
                del self._counts[next(iter(self._counts))]
            return True

    def query(self, fields: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the decisions whose fields have these values, oldest first."""
        with self._lock:
            rows = [{"kind": KIND, **vars(row), "undecided": list(row.undecided)} for row in self._counts.values()]
        return [row for row in rows if all(str(row.get(name)) == value for name, value in fields.items())]


STORE = Decisions()
"""The decisions of this process."""
