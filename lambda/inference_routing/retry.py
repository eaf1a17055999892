"""What happens after a failure: another target, the same one after a pause, or the end. Pure.

This is the one layer that repeats anything: boto3's own retries are off, API Gateway has none, and what the
caller may repeat is told by status and Retry-After.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from inference_common.errors import ServiceError


@dataclass(frozen=True)
class Retry:
    """How often a request may come back to a target that it has asked before, and how long it waits for that."""

    retries: int = 2
    base_seconds: float = 0.1
    max_seconds: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.retries <= 10 or not 0 <= self.base_seconds <= self.max_seconds <= 30:
            raise ValueError("retry needs 0 to 10 retries and 0 <= base_seconds <= max_seconds <= 30")

    def pause(self, nth: int, draw: float) -> float:
        """Seconds before the nth retry (from 0): anything up to a bound that doubles, so that callers spread out."""
        return draw * min(self.max_seconds, self.base_seconds * 2.0**nth)


@dataclass(frozen=True)
class Step:
    """Whom to ask next, and whether that needs a pause because it was asked before."""

    target: str
    is_retry: bool


def ends(error: ServiceError, *, partly_answered: bool) -> bool:
    """Whether a failure is the answer: it would come again, or the model has begun and keeps nothing."""
    return not error.transient or (error.charged and not partly_answered)


def next_step(order: Sequence[str], tried: Collection[str], given_up: Collection[str]) -> Step | None:
    """The next target in order: first those that were not asked yet, then again those worth it.

    Args:
        order: names of targets in the order of the decision.
        asked: those that were asked in this request.
        given_up: those that this request must not ask again.
    """
    for name in order:
        if name not in tried:
            return Step(name, is_retry=False)
    for name in order:
        if name not in given_up:
            return Step(name, is_retry=True)
    return None
