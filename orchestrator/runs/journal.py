"""What happens in a run, told to everyone who listens: run folder and console.

An event is a plain object: `{"step": …, "kind": …, "message": …, …}`. Kinds: `step` (with `status`),
`stage` (what a step is at: init, plan, …), `progress` (the latest word of the tool behind it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.core.types import EventSink, Json
from orchestrator.runs.run_folder import RunFolder

_QUIET_TYPES = {"refresh_start", "refresh_complete", "version", "planned_change", "outputs", "init_output"}
"""Terraform events that go to the log file only: many, and none that a reader of events would miss."""


_KEPT = ("execution_name",)
"""What whoever takes up an unfinished run has to know."""


class Journal:
    """Writes events to the run folder and passes them on. Safe from several threads."""

    def __init__(self, folder: RunFolder, listeners: Sequence[Callable[[Json], None]] = ()) -> None:
        self.folder = folder
        self._listeners = tuple(listeners)

    def step(self, step: str, status: str, message: str = "", *, seconds: float | None = None) -> None:
        self._tell(step, "step", status=status, message=message, seconds=seconds)

    def stage(self, step: str, stage: str) -> None:
        self._tell(step, "stage", message=stage)

    def sink(self, step: str) -> EventSink:
        """A listener for the events of the tool behind one step."""

        def receive(event: Json) -> None:
            kind = str(event.get("type", ""))
            message = str(event.get("@message") or event.get("message") or kind)
            self.folder.log(step, message)
            if diagnostic := event.get("diagnostic"):
                self.folder.log(step, str(diagnostic.get("detail") or ""))
            told = {"step": step, "kind": "progress", "type": kind, "message": message}
            told |= {key: event[key] for key in _KEPT if key in event}
            if kind not in _QUIET_TYPES:
                self.folder.event(told)
            for listener in self._listeners:
                listener(told)

        return receive

    def _tell(self, step: str, kind: str, **data: object) -> None:
        event: Json = {"step": step, "kind": kind, **{key: value for key, value in data.items() if value is not None}}
        self.folder.event(event)
        self.folder.log(step, f"[{kind}] {data.get('status', '')} {data.get('message', '')}".rstrip())
        for listener in self._listeners:
            listener(event)
