"""Run Terraform on a warm provider: attach to a running provider before each command.

For the local environment only; `orchestrator.terraform.warm_provider` explains why and refuses all others.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.core.types import EventSink
from orchestrator.system import own_files
from orchestrator.system.loopback_guard import is_loopback
from orchestrator.system.process import StillWorking
from orchestrator.terraform.model import ApplySummary, PlanSummary, TerraformTool, Workspace
from orchestrator.terraform.warm_provider import client, types_used

HELD_TYPES = "provider-types.json"
"""A file in a stack's data folder: all types that its code has ever had."""


class WarmTerraform:
    """Implement `TerraformTool` around another one.

    Args:
        inner: the tool that runs terraform.
        repo: the checkout whose code determines the resource types in use.
        binary: the unpacked provider.
        limit: maximum number of provider processes (about 600 MB each).
    """

    def __init__(self, inner: TerraformTool, repo: Path, binary: Path, *, limit: int) -> None:
        self._inner, self._repo, self._binary, self._limit = inner, repo, binary, limit

    def version(self) -> str:
        return self._inner.version()

    def init(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> None:
        with self._attached(ws) as warm:
            self._inner.init(warm, on_event=on_event, cancel=cancel)

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
        with self._attached(ws) as warm:
            return self._inner.plan(
                warm,
                destroy=destroy,
                refresh=refresh,
                targets=targets,
                on_event=on_event,
                cancel=cancel,
            )

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary:
        with self._attached(ws) as warm:
            return self._inner.apply(warm, on_event=on_event, cancel=cancel)

    def push_state(self, ws: Workspace, file: Path, *, on_event: EventSink, cancel: threading.Event) -> None:
        # The provider is not called; but terraform requires one, and init has installed none.
        with self._attached(ws) as warm:
            self._inner.push_state(warm, file, on_event=on_event, cancel=cancel)

    @contextmanager
    def _attached(self, ws: Workspace) -> Iterator[Workspace]:
        """Yield the workspace for one command: attached to the running provider, or unchanged if it uses AWS."""
        if not is_loopback(ws.env.get("AWS_ENDPOINT_URL", "")):
            yield ws
            return
        name, modules = str(ws.data_dir), _modules(ws)
        held = _held_types(ws, modules or [])
        reattach = client.attach(
            self._repo,
            self._binary,
            name=name,
            types=types_used.in_tree(self._repo / "terraform", ws.root) | held,
            own=None if modules is None else held,
            environment=ws.env,
            limit=self._limit,
            run=ws.run,
        )
        left = False
        try:
            yield replace(ws, env={**ws.env, "TF_REATTACH_PROVIDERS": reattach})
        except StillWorking:
            left = True  # it still uses the provider, which is released when it has ended
            raise
        finally:
            if not left:
                client.release(self._repo, self._binary, name=name, run=ws.run)


def _held_types(ws: Workspace, modules: list[Path]) -> frozenset[str]:
    """Return all types that the stack's code has or ever had, since its state may still hold them."""
    record = ws.data_dir / HELD_TYPES
    known = own_files.remembered(record)
    seen = frozenset(map(str, known)) if isinstance(known, list) else frozenset()
    types = types_used.in_tree(ws.root, *modules) | seen
    if types != seen:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(sorted(types)), encoding="utf-8")
    return types


def _modules(ws: Workspace) -> list[Path] | None:
    """List the folders that terraform loads for this stack, from `init`'s record; `None` if that is unusable."""
    try:
        listed = own_files.remembered(ws.data_dir / "modules" / "modules.json")["Modules"]
        folders = [ws.root / module["Dir"] for module in listed]
    except (KeyError, TypeError):
        return None
    return folders if all(folder.is_dir() for folder in folders) else None
