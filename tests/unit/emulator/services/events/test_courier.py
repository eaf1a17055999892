"""Attempts and their end. No clock runs: delayed work is done at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from emulator.services.events.courier import Courier, DeliveryFailed, Letter, failure


class Impatient:
    """A clock for which everything is due."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    def soon(self, work: Callable[[], None]) -> None:
        work()

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        self.delays.append(seconds)
        work()


class Target:
    """Fails so many times."""

    def __init__(self, failures: int, *, retriable: bool = True) -> None:
        self.failures, self.retriable, self.calls = failures, retriable, 0
        self.buried: list[tuple[str, int, str | None]] = []
        self.ended: list[bool] = []

    def send(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise DeliveryFailed("THROTTLING", "later", retriable=self.retriable)

    def bury(self, failed: DeliveryFailed, retries: int, exhausted: str | None) -> str:
        self.buried.append((failed.code, retries, exhausted))
        return "queue"

    def letter(self, **changes: Any) -> Letter:
        return Letter("rule", "target", self.send, self.bury, ended=self.ended.append, **changes)


def carry(target: Target, **changes: Any) -> Impatient:
    clock = Impatient()
    Courier(clock).carry(target.letter(delay=lambda attempt: 10.0, **changes))  # type: ignore[arg-type]
    return clock


def test_it_retries_until_delivery() -> None:
    target = Target(2)
    assert carry(target).delays == [10.0, 10.0]
    assert (target.calls, target.buried, target.ended) == (3, [], [True])


def test_it_retries_as_often_as_the_policy_allows() -> None:
    target = Target(99)
    carry(target, retries=3)
    assert (target.calls, target.ended) == (4, [False])
    assert target.buried == [("THROTTLING", 3, "MaximumRetryAttempts")]


def test_it_retries_as_long_as_the_policy_allows() -> None:
    target = Target(99)
    carry(target, maximum_age=25)
    assert target.buried == [("THROTTLING", 2, "MaximumEventAgeInSeconds")]


def test_permanent_failures_are_not_retried() -> None:
    target = Target(99, retriable=False)
    carry(target)
    assert (target.calls, target.buried) == (1, [("THROTTLING", 0, None)])


@pytest.mark.parametrize(
    ("code", "status", "expected", "retriable"),
    [
        ("AccessDeniedException", 400, "NO_PERMISSIONS", False),
        ("StateMachineDoesNotExist", 400, "NO_RESOURCE", False),
        ("TooManyRequestsException", 429, "THROTTLING", True),
        ("ValidationException", 400, "SDK_CLIENT_ERROR", False),
        ("ServiceUnavailable", 503, "ERROR_FROM_TARGET", True),
    ],
)
def test_errors_map_to_failures(code: str, status: int, expected: str, retriable: bool) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    failed = failure(ClientError(answer, "Op"))
    assert (failed.code, failed.retriable) == (expected, retriable)


def test_an_unreachable_target_is_retried() -> None:
    failed = failure(EndpointConnectionError(endpoint_url="http://x"))
    assert (failed.code, failed.retriable) == ("CONNECTION_FAILURE", True)
