"""How much time is left to answer in. Pure: the clock is handed in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from inference_common.errors import DeadlineExceeded

SHORTEST_CALL_SECONDS = 1


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

    def call_timeout(self) -> int:
        """Whole seconds that one more backend call may take."""
        seconds = math.floor(self.remaining())
        if seconds < SHORTEST_CALL_SECONDS:
            raise DeadlineExceeded("no time is left to call the model")
        return seconds
