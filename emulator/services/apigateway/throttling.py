"""Token buckets and quotas of API Gateway, by a key that the caller chooses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

PERIODS = {"DAY": "%Y-%j", "WEEK": "%G-%V", "MONTH": "%Y-%m"}
"""Quota period to the part of the date that stays the same within it."""


class Buckets:
    """Token buckets, refilled by the clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._state: dict[object, tuple[float, float]] = {}

    def take(self, key: object, *, rate: float, burst: int) -> bool:
        """Take one token; return `False` if the bucket is empty."""
        with self._lock:
            now = self._clock()
            tokens, last = self._state.get(key, (float(burst), now))
            tokens = min(float(burst), tokens + (now - last) * rate)
            allowed = tokens >= 1
            self._state[key] = (tokens - 1 if allowed else tokens, now)
            return allowed


class Quotas:
    """Requests counted per calendar day, week or month (UTC), as usage plans do."""

    def __init__(self, today: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._today = today
        self._lock = threading.Lock()
        self._used: dict[tuple[object, str], int] = {}

    def take(self, key: object, *, limit: int, period: str) -> bool:
        """Count one request; return `False` if the limit is used up."""
        slot = (key, self._today().strftime(PERIODS[period]))
        with self._lock:
            used = self._used.get(slot, 0)
            if used >= limit:
                return False
            self._used[slot] = used + 1
            return True
