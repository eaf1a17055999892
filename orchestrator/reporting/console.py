"""Print all output for users.

Progress and messages go to stderr, data and final reports to stdout. Live lines appear on a terminal only; elsewhere,
and in CI, plain lines do. `NO_COLOR` is respected, and colour is never the only signal.

Output can contain untrusted text: a name in AWS, a model's answer, a line of a log. It must not control the terminal,
so its control characters are printed as `?`; only those of this module's styles pass.
"""

from __future__ import annotations

import json
import os
import re
import select
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console as Rich
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from orchestrator.reporting.progress import LiveProgress, PlainProgress, Progress
from orchestrator.system.text_files import bounded

_POLL_SECONDS = 0.2
PLAIN_WIDTH = 160
"""Columns of output that does not go to a terminal, so that lines are not wrapped at 80."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except line feed and tab, characters that change the writing direction, and surrogates."""


def printable(text: str) -> str:
    """Replace characters that would control the terminal."""
    return _CONTROLS.sub("?", text)


class _Cleaned(Rich):
    """Clean everything that is printed, tables and live lines included: all of it passes through `render`."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


class Console:
    """Output streams of the process."""

    def __init__(self, *, stdout: Any = None, stderr: Any = None) -> None:
        self._out = _rich(stdout or sys.stdout)
        self._err = _rich(stderr or sys.stderr)

    @property
    def live(self) -> bool:
        return self._err.is_terminal and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"

    def say(self, text: str = "") -> None:
        """Print a message to stderr."""
        self._err.print(text, soft_wrap=True)

    def error(self, message: str, hint: str | None = None) -> None:
        """Print an expected failure in two lines."""
        self._err.print(f"error: {bounded(message)}", style="bold red", soft_wrap=True)
        if hint:
            self._err.print(f"hint: {hint}", soft_wrap=True)

    def data(self, text: str) -> None:
        """Print data to stdout unchanged, except for control characters."""
        self._out.file.write(printable(text if text.endswith("\n") else text + "\n"))
        self._out.file.flush()

    def json(self, value: Any) -> None:
        self.data(json.dumps(value, indent=2, default=str))

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Sequence[str] = ()
    ) -> None:
        """Print a table to stdout. Columns whose name ends with `#` hold numbers."""
        table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for column in columns:
            number = column.endswith("#")
            table.add_column(column.rstrip("#"), justify="right" if number else "left", overflow="fold")
        for position, row in enumerate(rows):
            table.add_row(*row, style=styles[position] if styles else None)
        self._out.print(table)
        self._out.print()

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """Print a line of a report to stdout."""
        self._out.print(text, style=style, soft_wrap=True)

    def confirm(self, question: str) -> bool:
        """Prompt the user; it counts as "no" without a terminal."""
        return self.ask(question) or False

    def ask(self, question: str, *, given_up: Callable[[], bool] = lambda: False) -> bool | None:
        """Prompt the user; `None` without a terminal, or when `given_up` ends the waiting."""
        if not sys.stdin.isatty():
            return None
        self._err.print(f"{question} [y/N] ", end="")
        # A blocking read would delay an interrupt until Enter is pressed.
        while not select.select([sys.stdin], [], [], _POLL_SECONDS)[0]:
            if given_up():
                return None
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show the events of a run while it lasts."""
        lock = threading.Lock()
        progress: Progress = LiveProgress(self._err, lock) if self.live else PlainProgress(self._err, lock)
        with progress:
            yield progress


def _rich(stream: Any) -> Rich:
    terminal = bool(getattr(stream, "isatty", lambda: False)())
    return _Cleaned(file=stream, highlight=False, markup=False, emoji=False, width=None if terminal else PLAIN_WIDTH)
