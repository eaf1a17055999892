"""The queue of an asynchronous endpoint: nothing is lost, nothing is done twice at its end."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from emulator.services.sagemaker import async_queue
from emulator.services.sagemaker.async_outcomes import Outcome
from emulator.services.sagemaker.async_queue import MOST_DELIVERIES, Backlog, Queued
from emulator.services.sagemaker.model_server import Answer, Request
from tests.unit.emulator.services.sagemaker.test_async_outcomes import REQUEST

GOOD = Answer(200, b"ok", "text/csv", "v", "")


class Store:
    """Stores the outcomes that would be written."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Outcome]] = []

    def read(self, request: Queued) -> bytes:
        if request.input_location is None:
            raise ValueError("there is nothing to read")
        return b"in"

    def write(self, request: Queued, outcome: Outcome) -> Outcome:
        self.written.append((request.inference_id, outcome))
        return replace(outcome, location="s3://b/x")


class Line:
    """A queue whose requests end at once, and a way to wait for them."""

    def __init__(self, ask: Any, limit: int = 1) -> None:
        self.store, self.limit = Store(), limit
        self._ended = threading.Semaphore(0)
        self.backlog = Backlog(self.store, ask, lambda: self.limit, lambda *_: self._ended.release())  # type: ignore[arg-type]

    def put(self, name: str, **changes: Any) -> None:
        self.backlog.put(replace(REQUEST, inference_id=name, received=10**11, **changes))

    def ended(self, count: int = 1) -> list[tuple[str, Outcome]]:
        for _ in range(count):
            assert self._ended.acquire(timeout=10)
        return self.store.written


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(async_queue, "PAUSE_SECONDS", 0)


def test_without_instances_requests_wait_in_their_order() -> None:
    line = Line(lambda request: GOOD, limit=0)
    for name in "abc":
        line.put(name)
    assert (line.backlog.state().waiting, line.backlog.state().running) == (3, 0)
    line.limit = 1
    line.backlog.wake()
    assert [name for name, _ in line.ended(3)] == ["a", "b", "c"]


def test_no_more_at_a_time_than_the_limit() -> None:
    now, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def ask(request: Request) -> Answer:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        gate.wait(0.02)
        with lock:
            now -= 1
        return GOOD

    line = Line(ask, limit=3)
    for number in range(12):
        line.put(str(number))
    line.ended(12)
    assert 1 <= most <= 3


def test_a_request_whose_server_died_goes_first_and_is_answered_once() -> None:
    answers = [replace(GOOD, lost=True), replace(GOOD, lost=True), GOOD, GOOD]
    line = Line(lambda request: answers.pop(0), limit=0)
    line.put("a")
    line.put("b")
    line.limit = 1
    line.backlog.wake()
    assert [name for name, _ in line.ended(2)] == ["a", "b"]
    assert answers == []


def test_a_request_that_ends_every_server_fails() -> None:
    calls: list[int] = []

    def ask(request: Request) -> Answer:
        calls.append(1)
        return Answer(502, b"killed by signal 9", "text/plain", "v", "", lost=True)

    line = Line(ask)
    line.put("a")
    [(_, outcome)] = line.ended()
    assert len(calls) == MOST_DELIVERIES
    assert "killed by signal 9" in str(outcome.reason)


def test_an_internal_error_loses_no_request() -> None:
    def ask(request: Request) -> Answer:
        raise RuntimeError("a bug")

    line = Line(ask)
    line.put("a")
    assert line.ended()[0][1].reason == "InternalServerError. Please try again later."


def test_expired_and_unreadable_requests_do_not_reach_the_model() -> None:
    line = Line(lambda request: pytest.fail("asked"))
    line.backlog.put(replace(REQUEST, received=0.0, ttl_seconds=60))
    line.put("b", input_location=None)
    reasons = [str(outcome.reason) for _, outcome in line.ended(2)]
    assert "expired" in reasons[0]
    assert "there is nothing to read" in reasons[1]


def test_waiting_requests_are_lost_with_their_queue() -> None:
    line = Line(lambda request: GOOD, limit=0)
    line.put("a")
    assert line.backlog.close() == 1
    line.limit = 1
    line.put("b")
    assert line.store.written == []
