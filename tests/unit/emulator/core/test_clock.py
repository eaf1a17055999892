"""What is asked for often is done at a bearable pace, and the last who asked is not forgotten."""

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


def test_who_asks_first_has_it_done_before_going_on(timer: Clock) -> None:
    done: list[threading.Thread] = []
    Paced(timer, lambda: done.append(threading.current_thread()), least_seconds=60).ask()
    assert done == [threading.current_thread()]


def test_who_asks_too_soon_gets_it_once_and_later(timer: Clock) -> None:
    asked, seen, again = [0], list[int](), threading.Event()

    def look() -> None:
        seen.append(asked[0])
        if len(seen) == 2:
            again.set()

    paced = Paced(timer, look, least_seconds=0.2)
    for number in range(100):
        asked[0] = number
        paced.ask()
    assert seen == [0]
    assert again.wait(10)
    assert seen == [0, 99], "one look sees what all of them changed"


def test_what_was_done_later_may_be_asked_for_again(timer: Clock) -> None:
    done = threading.Semaphore(0)
    paced = Paced(timer, done.release, least_seconds=0.05)
    for _ in range(4):
        paced.ask()
        assert done.acquire(timeout=10)
