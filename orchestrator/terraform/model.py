"""What Terraform takes and returns, and the Protocol of the tool that runs it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orchestrator.core.types import EventSink, Json


@dataclass(frozen=True)
class Workspace:
    """Everything terraform needs to know about one stack on disk (all paths absolute)."""

    stack: str
    root: Path
    """Folder with `*.tf` or `cdk.tf.json`."""
    values_file: Path
    backend_file: Path | None
    """`None`: local state inside `data_dir` (preview)."""
    data_dir: Path
    """`TF_DATA_DIR`, never shared between stacks or environments."""
    plan_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    """Complete process environment."""
    environment: str = ""
    bucket: str | None = None
    """Of the state, and its key there; `None` for a preview."""
    state_key: str | None = None
    run: Path | None = None
    """Folder of the run, which keeps what terraform did; without one nothing is kept."""


@dataclass(frozen=True)
class Change:
    address: str
    type: str
    actions: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True)
class PlanSummary:
    """A plan, read from terraform's own JSON."""

    changes: tuple[Change, ...]
    outputs_changed: tuple[str, ...]
    resources_total: int
    document: Json
    """`terraform show -json` of the plan file: read once, used by every gate."""

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.outputs_changed

    def count(self, action: str) -> int:
        return sum(action in change.actions for change in self.changes)


@dataclass(frozen=True)
class ApplySummary:
    added: int
    changed: int
    destroyed: int


class TerraformTool(Protocol):
    """Terraform. Every method raises `TerraformError` (diagnostics in the message) or `StateLocked`."""

    def version(self) -> str: ...
    def init(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> None: ...
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
        """Plan all resources or, with `targets`, these addresses and their dependencies (to destroy: dependents)."""
        ...

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary: ...
    def push_state(self, ws: Workspace, file: Path, *, on_event: EventSink, cancel: threading.Event) -> None:
        """Store a state from a file. Refused if the file is older than the stored state, or of another lineage."""
        ...
