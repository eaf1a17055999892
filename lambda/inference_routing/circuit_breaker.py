"""Cooldown per target: a circuit breaker of this execution environment. The clock is handed in.

closed ── `failures` in a row ──> open ── `seconds` pass ──> half-open ── one probe ──> closed, or open again

One probe at a time: whoever comes while it is out goes elsewhere. A permanent error is the request's fault
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(frozen=True)
class Cooldown:
    """When a target is left alone, and for how long."""

    failures: int = 3
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.failures < 1 or not 0 <= self.seconds <= 3600:
            raise ValueError("cooldown needs at least 1 failure and 0 to 3600 seconds")


@dataclass
class _State:
    failures: int = 0
    open_until: float | None = None
    probing: bool = False


@dataclass
class CircuitBreaker:
    """What is known of every target."""

    clock: Callable[[], float]
    _states: dict[str, _State] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admits(self, key: str) -> bool:
        """Closed, or half-open with nobody probing."""
        state = self._states.get(key)
        if state is None or state.open_until is None:
            return True
        return self.clock() >= state.open_until and not state.probing

    def begin(self, key: str, *, forced: bool = False) -> bool:
        """Whether the target may be asked now; for one that is not closed, the asker is then its only probe."""
        with self._lock:
            state = self._states.setdefault(key, _State())
            if state.open_until is None:
                return True
            if state.probing or not (forced or self.clock() >= state.open_until):
                return False
            state.probing = True
            return True

    def succeeded(self, key: str) -> None:
        with self._lock:
            self._states[key] = _State()

    def failed(self, key: str, cooldown: Cooldown) -> None:
        """One more failure in a row; a failed probe opens at once."""
        with self._lock:
            state = self._states.setdefault(key, _State())
            state.failures += 1
            if state.open_until is not None or state.failures >= cooldown.failures:
                state.open_until = self.clock() + cooldown.seconds
            state.probing = False

    def released(self, key: str) -> None:
        """The target was asked, and nothing was learned about it."""
        with self._lock:
            self._states.setdefault(key, _State()).probing = False

    def seconds_until_probe(self, key: str) -> float:
        state = self._states.get(key)
        if state is None or state.open_until is None:
            return 0.0
        return max(0.0, state.open_until - self.clock())
