"""What set-up says, and how it fails."""

from __future__ import annotations

import sys
import threading
import time

_LOCK = threading.Lock()


class SetupProblem(Exception):
    """Something that set-up cannot get: one sentence, and what to do about it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def say(step: str, what: str, started: float | None = None) -> None:
    """Print one line for one step."""
    took = f" ({time.monotonic() - started:.0f} s)" if started is not None else ""
    with _LOCK:
        sys.stderr.write(f"setup  {step:<16} {what}{took}\n")
        sys.stderr.flush()
