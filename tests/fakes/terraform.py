"""A terraform that records its calls and only pretends to apply."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError
from orchestrator.terraform.model import ApplySummary, Change, PlanSummary, Workspace


def plan_summary(*created: str, document: Json | None = None) -> PlanSummary:
    """A plan that creates these addresses (`aws_s3_bucket.data`)."""
    changes = tuple(Change(address=each, type=each.split(".")[-2], actions=("create",)) for each in created)
    return PlanSummary(changes, (), len(changes), document if document is not None else {"resource_changes": []})


EMPTY = PlanSummary((), (), 0, {"resource_changes": []})


@dataclass
class FakeTerraform:
    """Satisfies `TerraformTool`.

    Attributes:
        plans: stack to the plan that it gets; once applied, a stack's next plan is empty.
        failures: `(command, stack)` to the error raised there.
        removals: stack to the document of the plan that destroys it.
        calls: `(command, stack)` in order; destroying plans are called `plan -destroy`.
    """

    plans: dict[str, PlanSummary] = field(default_factory=dict)
    removals: dict[str, Json] = field(default_factory=dict)
    failures: dict[tuple[str, str], PlatformError] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    workspaces: dict[str, Workspace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, PlanSummary] = {}
        self._applied: dict[str, PlanSummary] = {}
        self.pushed: list[Json] = []

    def forget(self, stack: str) -> None:
        """As if something had to be applied again."""
        self._applied.pop(stack, None)

    def holds(self, stack: str, *addresses: str) -> None:
        """As if an earlier version of the code had applied these."""
        self._applied[stack] = plan_summary(*addresses)

    def version(self) -> str:
        return "1.11.4"

    def init(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> None:
        self._called("init", ws, on_event)

    def plan(
        self,
        ws: Workspace,
        *,
        destroy: bool = False,
        refresh: bool = True,
        targets: Sequence[str] = (),
        on_event: EventSink,
        cancel: threading.Event,
    ) -> PlanSummary:
        ws.plan_file.parent.mkdir(parents=True, exist_ok=True)
        ws.plan_file.write_text("every value", encoding="utf-8")
        self._called("plan -destroy" if destroy else "plan", ws, on_event)
        with self._lock:
            done = self._applied.get(ws.stack)
            if destroy:
                changes = tuple(Change(each.address, each.type, ("delete",)) for each in done.changes) if done else ()
                summary = PlanSummary(changes, (), 0, self.removals.get(ws.stack, {"resource_changes": []}))
            elif done is not None:
                summary = PlanSummary((), (), done.resources_total, done.document)
            else:
                summary = self.plans.get(ws.stack, EMPTY)
            self._planned[ws.stack] = summary
        return summary

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary:
        assert ws.plan_file.is_file(), "only what was planned is applied"
        self._called("apply", ws, on_event)
        with self._lock:
            summary = self._planned.pop(ws.stack)
            if summary.count("delete") and not summary.count("create"):
                self._applied.pop(ws.stack, None)
            else:
                self._applied[ws.stack] = summary
        return ApplySummary(summary.count("create"), summary.count("update"), summary.count("delete"))

    def push_state(self, ws: Workspace, file: Path, *, on_event: EventSink, cancel: threading.Event) -> None:
        self._called("state push", ws, on_event)
        self.pushed.append(json.loads(file.read_text(encoding="utf-8")))

    def _called(self, command: str, ws: Workspace, on_event: EventSink) -> None:
        with self._lock:
            self.calls.append((command, ws.stack))
            self.workspaces[ws.stack] = ws
        on_event({"type": "log", "@message": f"{command} {ws.stack}"})
        failure = self.failures.get((command, ws.stack))
        if failure is not None:
            raise failure
