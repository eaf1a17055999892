"""Limit the time of calls, whatever blocks: name resolution, connecting or a slow response."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from inference_common.errors import DeadlineExceeded

T = TypeVar("T")


class Running(Generic[T]):
    """A call in its own thread. An abandoned thread ends with its client's timeouts."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error
        self._done.set()

    def ended(self, seconds: float) -> bool:
        return self._done.wait(max(0.0, seconds))

    def result(self, seconds: float) -> T:
        """Return or raise the call's result. Raises `DeadlineExceeded` after `seconds`."""
        if not self.ended(seconds):
            raise DeadlineExceeded("the model did not answer in time")
        if self._error is not None:
            raise self._error
        result: T = self._result
        return result


def within(seconds: float, call: Callable[[], T]) -> T:
    return Running(call).result(seconds)
