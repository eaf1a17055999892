"""Track the time left to respond. Pure: the clock is injected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inference_common.errors import DeadlineExceeded

SHORTEST_CALL_SECONDS = 0.5


@dataclass(frozen=True)
class Deadline:
    """The time on a monotonic clock by which the response must be sent."""

    at: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float]) -> Deadline:
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        return self.at - self.clock()

    def leaves(self, seconds: float) -> bool:
        """Return whether a call would still fit after a pause of `seconds`."""
        return self.remaining() - seconds >= SHORTEST_CALL_SECONDS

    def call_timeout(self) -> float:
        """Return the seconds that one more call may take. Raises `DeadlineExceeded`."""
        seconds = self.remaining()
        if seconds < SHORTEST_CALL_SECONDS:
            raise DeadlineExceeded("no time is left to call the model")
        return seconds

    def sooner(self, seconds: float | None) -> Deadline:
        """Return this deadline, or an earlier one if a target has a time limit."""
        return self if seconds is None else Deadline(min(self.at, self.clock() + seconds), self.clock)

    def before(self, seconds: float) -> Deadline:
        """Return an earlier deadline that reserves `seconds` for the next step."""
        return Deadline(self.at - seconds, self.clock)
