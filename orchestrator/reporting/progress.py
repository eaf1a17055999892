"""Show a run's progress: one live line per running step on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console as Rich
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from orchestrator.core.types import Json

STEP_WIDTH = 28
"""Width of the column of steps, which fits the usual name of a blueprint's stack."""
_MARKS = {"ok": "✓", "failed": "✗", "cancelled": "-"}
_STYLES = {"ok": "green", "failed": "bold red", "cancelled": "yellow"}
_TERRAFORM_DETAIL = frozenset(
    {"version", "log", "diagnostic", "resource_drift", "planned_change", "outputs", "init_output", "raw"}
    | {f"{what}_{when}" for what in ("apply", "refresh", "provision") for when in ("start", "progress", "complete")}
)
"""Per-resource events: the latest is shown live, and they are too many for plain lines."""


class Progress(Protocol):
    def __call__(self, event: Json) -> None: ...
    def paused(self) -> AbstractContextManager[None]:
        """Stop updating the screen during a prompt."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass
class _Running:
    stage: str = ""
    message: str = ""
    started: float = field(default_factory=time.monotonic)


class PlainProgress:
    """Print a line when a step reaches a stage or ends."""

    def __init__(self, err: Rich, lock: threading.Lock) -> None:
        self._err = err
        self._lock = lock
        self._start = time.monotonic()

    def __call__(self, event: Json) -> None:
        text = self._text(event)
        if text:
            with self._lock:
                elapsed = time.monotonic() - self._start
                self._err.print(f"[{elapsed:7.1f}s] {event['step']:<{STEP_WIDTH}} {text}", soft_wrap=True)

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _text(self, event: Json) -> str:
        match event["kind"]:
            case "step" if event["status"] == "started":
                return ""
            case "step":
                seconds = event.get("seconds") or 0.0
                reason = f": {event['message']}" if event["status"] == "failed" else ""
                return f"{event['status']} ({seconds:.1f} s){reason}"
            case "progress" if event.get("type") in _TERRAFORM_DETAIL:
                return ""
            case _:
                return str(event["message"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class LiveProgress:
    """Print finished steps as permanent lines, and running ones below with stage, latest message and time."""

    def __init__(self, err: Rich, lock: threading.Lock) -> None:
        self._err = err
        self._lock = lock
        self._running: dict[str, _Running] = {}
        self._spinner = Spinner("dots")
        self._live = Live(console=err, refresh_per_second=8, transient=True, get_renderable=self._render)

    def __call__(self, event: Json) -> None:
        with self._lock:
            step, kind = str(event["step"]), event["kind"]
            if kind == "step" and event["status"] == "started":
                self._running[step] = _Running()
            elif kind == "step":
                ended = self._running.pop(step, _Running())
                self._ended(step, event, ended)
            elif kind == "stage":
                self._running.setdefault(step, _Running()).stage = str(event["message"])
            else:
                self._running.setdefault(step, _Running()).message = str(event["message"])

    @contextmanager
    def paused(self) -> Iterator[None]:
        self._live.stop()
        try:
            yield
        finally:
            self._live.start(refresh=True)

    def _ended(self, step: str, event: Json, ended: _Running) -> None:
        status = str(event["status"])
        words = str(event["message"] or ended.stage).splitlines()
        seconds = event.get("seconds") or 0.0
        line = f"{_MARKS[status]} {step:<{STEP_WIDTH}} {status:<9} {seconds:6.1f} s  {words[0] if words else ''}"
        self._err.print(line, style=_STYLES[status], overflow="ellipsis", no_wrap=True)

    def _render(self) -> RenderableType:
        with self._lock:
            table = Table.grid(padding=(0, 2))
            for step, running in self._running.items():
                elapsed = f"{time.monotonic() - running.started:5.0f} s"
                message = running.message.replace("\n", " ")[: max(self._err.width - 60, 20)]
                table.add_row(step, running.stage[:30], elapsed, message)
            return Group(self._spinner, table) if self._running else Group()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)
