"""Delayed work: one thread waits for it, and a few run it."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from emulator.core.evidence import caused_by, current_cause

LOG = logging.getLogger(__name__)
WORKERS = 6


class Clock:
    """Runs work now or later, each piece under the record that caused it.

    `scale` is how many seconds of this machine one second of a retry delay or of `rate(…)` takes: a test sets it
    far below 1. Calendar times (`cron`, `at`) are never scaled.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="events")
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def soon(self, work: Callable[[], None]) -> None:
        """Run work in a thread of the pool, as soon as one is free. An error is logged."""
        cause = current_cause()

        def run() -> None:
            with caused_by(cause):
                work()

        if not self._closed:
            self._pool.submit(run).add_done_callback(_log_error)

    def after(self, seconds: float, work: Callable[[], None], *, scaled: bool = True) -> None:
        """Run work after a delay."""
        cause = current_cause()

        def due() -> None:
            with caused_by(cause):
                self.soon(work)

        with self._changed:
            if self._closed:
                return
            moment = time.monotonic() + seconds * (self.scale if scaled else 1.0)
            heapq.heappush(self._due, (moment, next(self._number), due))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._closed:
                    return
                _, _, work = heapq.heappop(self._due)
            work()


class Paced:
    """Work that is often requested: run in the caller's thread, but at most once in so many seconds of this machine.

    Requests within that time are served by a single run at its end.
    """

    def __init__(self, timer: Clock, work: Callable[[], None], least_seconds: float = 1.0) -> None:
        self._timer, self._work, self._least = timer, work, least_seconds
        self._lock = threading.Lock()
        self._last = float("-inf")
        self._planned = False

    def request(self) -> None:
        with self._lock:
            if self._planned:
                return
            wait = self._last + self._least - time.monotonic()
            self._planned = wait > 0
            if not self._planned:
                self._last = time.monotonic()
        if wait > 0:
            self._timer.after(wait, self._run, scaled=False)
        else:
            self._work()

    def _run(self) -> None:
        with self._lock:
            self._planned, self._last = False, time.monotonic()
        self._work()


def _log_error(future: Future[None]) -> None:
    error = None if future.cancelled() else future.exception()
    if error:
        LOG.error("work of an event failed", exc_info=error)


CLOCK: Clock | None = None


def start(scale: float) -> Clock:
    """Return the clock of this process, creating it on the first call."""
    global CLOCK
    if CLOCK is None:
        CLOCK = Clock(scale)
    return CLOCK


def shutdown() -> None:
    global CLOCK
    if CLOCK:
        CLOCK.close()
    CLOCK = None
