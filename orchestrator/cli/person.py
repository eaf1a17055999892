"""Prompts to the user at the terminal during a deployment."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from orchestrator.reporting.console import Console
from orchestrator.reporting.progress import Progress


class AtTerminal:
    """Print to stderr and read answers from stdin, with live progress paused."""

    def __init__(self, console: Console, progress: Progress, cancel: threading.Event) -> None:
        self._console = console
        self._progress = progress
        self._cancel = cancel

    def show(self, lines: Sequence[str]) -> None:
        with self._progress.paused():
            for line in lines:
                self._console.say(line)

    def ask(self, question: str) -> bool | None:
        with self._progress.paused():
            return self._console.ask(question, given_up=self._cancel.is_set)
