"""Deliver a message to a target: attempts, the dead-letter queue, and a record of the delivery."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core.clock import Clock
from emulator.core.evidence import STORE, caused_by

LONGEST_DELAY = 300.0
PERMISSIONS = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "KMSAccessDenied",
    "KMSAccessDeniedException",
)
MISSING = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "NotFound",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)
THROTTLED = ("Throttling", "ThrottlingException", "TooManyRequestsException", "ThrottledException")


class DeliveryFailed(Exception):
    """A failed attempt. `code` is one of those that EventBridge writes on dead letters."""

    def __init__(self, code: str, message: str, *, retriable: bool) -> None:
        super().__init__(message)
        self.code, self.message, self.retriable = code, message, retriable


def no_permission(message: str) -> DeliveryFailed:
    """Make the error of a missing permission, which AWS does not retry: only a person can grant it."""
    return DeliveryFailed("NO_PERMISSIONS", message, retriable=False)


def no_resource(message: str) -> DeliveryFailed:
    return DeliveryFailed("NO_RESOURCE", message, retriable=False)


def failure(error: Exception) -> DeliveryFailed:
    """Map the error of a call to one of the delivery."""
    if isinstance(error, DeliveryFailed):
        return error
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        if code in PERMISSIONS:
            return no_permission(str(error))
        if code in MISSING:
            return no_resource(str(error))
        if code in THROTTLED:
            return DeliveryFailed("THROTTLING", str(error), retriable=True)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        if status < 500:
            return DeliveryFailed("SDK_CLIENT_ERROR", str(error), retriable=False)
        return DeliveryFailed("ERROR_FROM_TARGET", str(error), retriable=True)
    return DeliveryFailed("CONNECTION_FAILURE", str(error), retriable=True)


@dataclass(frozen=True)
class Letter:
    """One message on its way to one target."""

    source: str
    """ARN of the rule, subscription, schedule or alarm that sends it."""
    target: str
    send: Callable[[], dict[str, Any] | None]
    """Delivers; returns members of the record's detail. Raises `DeliveryFailed` or an error of botocore."""
    bury: Callable[[DeliveryFailed, int, str | None], str | None]
    """Gets the error, the number of retries and what exhausted them; returns the ARN of the dead-letter queue."""
    retries: int = 185
    maximum_age: float = 86_400.0
    """Seconds in the sender's time, which passes as fast as the delays between attempts."""
    detail: dict[str, Any] = field(default_factory=dict)
    delay: Callable[[int], float] = lambda attempt: min(2.0**attempt, LONGEST_DELAY) * random.uniform(0.8, 1.2)
    ended: Callable[[bool], None] = lambda delivered: None
    """Called once, when the letter has arrived or has been given up."""


class Courier:
    """Delivers letters with the retries that their senders allow."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def carry(self, letter: Letter, *, now: bool = False) -> None:
        """Start a delivery and return at once; with `now`, after the first attempt."""
        record = STORE.begin("event-delivery", letter.target, detail={"from": letter.source, **letter.detail})
        if now:
            self._attempt(letter, record.id, 0, 0.0)
        else:
            self._clock.soon(lambda: self._attempt(letter, record.id, 0, 0.0))

    def _attempt(self, letter: Letter, record: str, retry: int, age: float) -> None:
        try:
            with caused_by(record):
                result = letter.send()
        except (DeliveryFailed, ClientError, BotoCoreError, OSError) as error:
            self._failed(letter, record, failure(error), retry, age)
            return
        result = dict(result or {})
        fields = {"recorded": True} if result.pop("recorded", False) else {}
        STORE.succeed(record, detail={"attempts": retry + 1, **result}, **fields)
        letter.ended(True)

    def _failed(self, letter: Letter, record: str, failed: DeliveryFailed, retry: int, age: float) -> None:
        delay = letter.delay(retry)
        exhausted = None
        if failed.retriable:
            if retry >= letter.retries:
                exhausted = "MaximumRetryAttempts"
            elif age + delay > letter.maximum_age:
                exhausted = "MaximumEventAgeInSeconds"
            else:
                STORE.update(record, detail={"attempts": retry + 1, "last_error": f"{failed.code}: {failed.message}"})
                self._clock.after(delay, lambda: self._attempt(letter, record, retry + 1, age + delay))
                return
        buried = {"attempts": retry + 1, "error_code": failed.code, "dead_letter_queue": None}
        try:
            with caused_by(record):
                buried["dead_letter_queue"] = letter.bury(failed, retry, exhausted)
        except (DeliveryFailed, ClientError, BotoCoreError) as error:
            buried["dead_letter_error"] = str(error)
        STORE.fail(record, f"{failed.code}: {failed.message}", detail=buried)
        letter.ended(False)
