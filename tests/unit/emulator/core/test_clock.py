"""Work that is often requested runs at a limited pace, and the last request is never dropped."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from emulator.core.clock import Clock, Paced


@pytest.fixture
def timer() -> Iterator[Clock]:
    # A retry delay would take no time; the pace is of this machine and stays.
    made = Clock(scale=0.0)
    yield made
    made.close()


def test_the_first_request_runs_the_work_before_returning(timer: Clock) -> None:
    done: list[threading.Thread] = []
    Paced(timer, lambda: done.append(threading.current_thread()), least_seconds=60).request()
    assert done == [threading.current_thread()]


def test_requests_within_the_interval_are_served_by_one_later_run(timer: Clock) -> None:
    latest, seen, again = [0], list[int](), threading.Event()

    def work() -> None:
        seen.append(latest[0])
        if len(seen) == 2:
            again.set()

    paced = Paced(timer, work, least_seconds=0.2)
    for number in range(100):
        latest[0] = number
        paced.request()
    assert seen == [0]
    assert again.wait(10)
    assert seen == [0, 99], "one run sees what all of them changed"


def test_work_can_be_requested_again_after_a_delayed_run(timer: Clock) -> None:
    done = threading.Semaphore(0)
    paced = Paced(timer, done.release, least_seconds=0.05)
    for _ in range(4):
        paced.request()
        assert done.acquire(timeout=10)
