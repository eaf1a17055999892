"""How much time is left to answer in. Pure: the clock is handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inference_common.errors import DeadlineExceeded

SHORTEST_CALL_SECONDS = 0.5


@dataclass(frozen=True)
class Deadline:
    """A moment on a monotonic clock by which the response must have been sent."""

    at: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float]) -> Deadline:
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        return self.at - self.clock()

    def leaves(self, seconds: float) -> bool:
        """Whether a call would still fit after a pause of so many seconds."""
        return self.remaining() - seconds >= SHORTEST_CALL_SECONDS

    def call_timeout(self) -> float:
        """Seconds that one more backend call may take."""
        seconds = self.remaining()
        if seconds < SHORTEST_CALL_SECONDS:
            raise DeadlineExceeded("no time is left to call the model")
        return seconds

    def sooner(self, seconds: float | None) -> Deadline:
        """The same deadline, or an earlier one when a target may only take so long."""
        return self if seconds is None else Deadline(min(self.at, self.clock() + seconds), self.clock)

    def before(self, seconds: float) -> Deadline:
        """The deadline of a step that must leave the next one so many seconds."""
        return Deadline(self.at - seconds, self.clock)
