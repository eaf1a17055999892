"""Notice the end of a process on which everything else depends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from types import TracebackType
from typing import TypeVar

from orchestrator.system.identity import Identity, life

EVERY_SECONDS = 0.5
Result = TypeVar("Result")


class Watch:
    """Watch a process during a `with` block, and report its end once.

    Args:
        process: returns the process; `None` as long as it is not known.
        on_end: called in a separate thread.
    """

    def __init__(self, process: Callable[[], Identity | None], on_end: Callable[[], None]) -> None:
        self._process, self._on_end = process, on_end
        self._gone, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    @property
    def gone(self) -> bool:
        return self._gone.is_set()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def outlived(self, work: Callable[[], Result]) -> Result:
        """Return the result of work that cannot be stopped; `ProcessLookupError` if the process ends first."""
        outcome: Future[Result] = Future()

        def run() -> None:
            try:
                outcome.set_result(work())
            except BaseException as error:
                outcome.set_exception(error)

        threading.Thread(target=run, name="outlived", daemon=True).start()
        while not wait([outcome], EVERY_SECONDS).done:
            if self.gone:
                raise ProcessLookupError("the watched process has ended")
        return outcome.result()

    def _look(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            process = self._process()
            if process is not None and life(process) == "dead":
                self._gone.set()
                self._on_end()
                return
