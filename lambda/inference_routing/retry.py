"""Decide what follows a failure: another target, the same one after a pause, or the end. Pure.

This is the only layer that retries: botocore's retries are off, API Gateway has none, and the caller learns from status
and Retry-After whether to retry.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from inference_common.errors import ServiceError


@dataclass(frozen=True)
class Retry:
    """How often a request may return to a target, and how long it pauses before that."""

    retries: int = 2
    base_seconds: float = 0.1
    max_seconds: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.retries <= 10 or not 0 <= self.base_seconds <= self.max_seconds <= 30:
            raise ValueError("retry needs 0 to 10 retries and 0 <= base_seconds <= max_seconds <= 30")

    def pause(self, nth: int, draw: float) -> float:
        """Return the pause before the nth retry (from 0): exponential backoff with full jitter."""
        return draw * min(self.max_seconds, self.base_seconds * 2.0**nth)


@dataclass(frozen=True)
class Step:
    """The next target, and whether it is a retry, which needs a pause."""

    target: str
    is_retry: bool


def ends(error: ServiceError, *, partly_answered: bool) -> bool:
    """Return whether to stop after this error: it is permanent, or the model was charged for a whole answer."""
    return not error.transient or (error.charged and not partly_answered)


def next_step(order: Sequence[str], tried: Collection[str], given_up: Collection[str]) -> Step | None:
    """Return the next target: untried ones first, then those worth a retry.

    Args:
        order: names of targets in the order of the decision.
        tried: targets that this request has tried.
        given_up: targets that this request must not try again.
    """
    for name in order:
        if name not in tried:
            return Step(name, is_retry=False)
    for name in order:
        if name not in given_up:
            return Step(name, is_retry=True)
    return None
