"""What was decided, counted: which calls a role makes, and which of them it may not."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KIND = "iam-decision"
CAPACITY = 50_000
"""Different decisions; the oldest go first."""


@dataclass
class Decided:
    """One decision, however often it was taken."""

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
    """Thread-safe."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._capacity = capacity
        self._found: dict[tuple[str, ...], Decided] = {}

    def note(self, *, principal: str, role: str, action: str, resource: str, decision: str, **why: Any) -> bool:
        """Returns whether it is the first of its kind. Sessions of one role count as one."""
        key = (role or principal, action, resource, decision, why["by"])
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            known = self._found.get(key)
            if known:
                known.count += 1
                known.last_at = now
                return False
            self._found[key] = Decided(principal, role, action, resource, decision, first_at=now, last_at=now, **why)
            if len(self._found) > self._capacity:
                del self._found[next(iter(self._found))]
            return True

    def query(self, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """Decisions whose fields have these values, oldest first."""
        with self._lock:
            rows = [{"kind": KIND, **vars(found), "undecided": list(found.undecided)} for found in self._found.values()]
        return [row for row in rows if all(str(row.get(name)) == value for name, value in wanted.items())]


STORE = Decisions()
"""The one of this process."""
