"""Send the events of a run to its listeners: run folder and console.

An event is a plain object: `{"step": …, "kind": …, "message": …, …}`. Kinds: `step` (with `status`),
`stage` (of a step: init, plan, …), `progress` (the latest message of the tool behind it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.core.types import EventSink, Json
from orchestrator.runs.run_folder import RunFolder

_QUIET_TYPES = {"refresh_start", "refresh_complete", "version", "planned_change", "outputs", "init_output"}
"""Terraform events that go to the log file only, because they are many and of little use."""
_KEPT = ("execution_name",)
"""Fields that a run needs to continue an unfinished one."""


class Journal:
    """Writes events to the run folder and passes them on. Safe from several threads."""

    def __init__(self, folder: RunFolder, listeners: Sequence[Callable[[Json], None]] = ()) -> None:
        self.folder = folder
        self._listeners = tuple(listeners)

    def step(self, step: str, status: str, message: str = "", *, seconds: float | None = None) -> None:
        self._send(step, "step", status=status, message=message, seconds=seconds)

    def stage(self, step: str, stage: str) -> None:
        self._send(step, "stage", message=stage)

    def sink(self, step: str) -> EventSink:
        """Return a listener for the events of the tool behind one step."""

        def receive(event: Json) -> None:
            kind = str(event.get("type", ""))
            message = str(event.get("@message") or event.get("message") or kind)
            self.folder.log(step, message)
            if diagnostic := event.get("diagnostic"):
                self.folder.log(step, str(diagnostic.get("detail") or ""))
            progress: Json = {"step": step, "kind": "progress", "type": kind, "message": message}
            progress |= {key: event[key] for key in _KEPT if key in event}
            if kind not in _QUIET_TYPES:
                self.folder.event(progress)
            for listener in self._listeners:
                listener(progress)

        return receive

    def _send(self, step: str, kind: str, **data: object) -> None:
        event: Json = {"step": step, "kind": kind, **{key: value for key, value in data.items() if value is not None}}
        self.folder.event(event)
        self.folder.log(step, f"[{kind}] {data.get('status', '')} {data.get('message', '')}".rstrip())
        for listener in self._listeners:
            listener(event)
