"""Skip failing targets for a while: one circuit breaker per target and execution environment. Pure.

closed ── `failures` in a row ──> open ── `seconds` pass ──> half-open ── one probe ──> closed, or open again

Only one request probes a half-open target; others go elsewhere meanwhile. Permanent errors are the request's fault and
change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(frozen=True)
class Cooldown:
    """When a failing target is skipped, and for how long."""

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
    """The state of every target."""

    clock: Callable[[], float]
    _states: dict[str, _State] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admits(self, key: str) -> bool:
        """Return whether the target is closed, or half-open without a probe."""
        state = self._states.get(key)
        if state is None or state.open_until is None:
            return True
        return self.clock() >= state.open_until and not state.probing

    def begin(self, key: str, *, forced: bool = False) -> bool:
        """Return whether the caller may call the target now; unless it is closed, the caller becomes its only probe."""
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
        """Count a failure; a failed probe reopens the breaker at once."""
        with self._lock:
            state = self._states.setdefault(key, _State())
            state.failures += 1
            if state.open_until is not None or state.failures >= cooldown.failures:
                state.open_until = self.clock() + cooldown.seconds
            state.probing = False

    def released(self, key: str) -> None:
        """End a call that says nothing about the target."""
        with self._lock:
            self._states.setdefault(key, _State()).probing = False

    def seconds_until_probe(self, key: str) -> float:
        state = self._states.get(key)
        if state is None or state.open_until is None:
            return 0.0
        return max(0.0, state.open_until - self.clock())
