"""A terraform that knows what exists, and imports by the blocks that it is given."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.core.state import State
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import TerraformError
from orchestrator.terraform.model import ApplySummary, Change, PlanSummary, Workspace
from tests.fakes.state import FakeStateStore
from tests.fakes.tools import PublishingTerraform

BLOCK = re.compile(r'import \{\n  to = (.+)\n  id = "(.+)"\n\}')
UNREAD = "retention_policy"
"""An attribute that the provider does not read."""
OWN = {"project": "mlops", "environment": "local"}
Planned = Callable[[Mapping[str, str]], dict[str, Any]]


class ImportingTerraform(PublishingTerraform):
    """Satisfies `TerraformTool`.

    Attributes:
        code: stack to address to what its plan contains of it, given the imports so far.
        there: import ID to the tags of the thing that exists.
        replaced: addresses that an import would have replaced.
        other: import ID to attributes that the thing has otherwise than the plan wants them.
        targets: of each plan that had some.
    """

    def __init__(self, store: FakeStateStore) -> None:
        super().__init__(store)
        self.code: dict[str, dict[str, Planned]] = {}
        self.there: dict[str, dict[str, str]] = {}
        self.replaced: set[str] = set()
        self.other: dict[str, dict[str, Any]] = {}
        self.targets: list[tuple[str, ...]] = []

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
        if targets:
            self.targets.append(tuple(targets))
        if ws.stack not in self.code:
            return super().plan(ws, destroy=destroy, on_event=on_event, cancel=cancel)
        ws.plan_file.parent.mkdir(parents=True, exist_ok=True)
        ws.plan_file.write_text("every value", encoding="utf-8")
        self._called("plan -destroy" if destroy else "plan", ws, on_event)
        file = ws.root / "imports.tf"
        imports = dict(BLOCK.findall(file.read_text(encoding="utf-8"))) if file.exists() else {}
        self._refuse(imports, on_event)
        if destroy:
            changes = [_change(address, ["delete"], {}) for address in targets]
        else:
            held = self.store.states[ws.stack].resources if ws.stack in self.store.states else ()
            planned_by_address = {address: planned(imports) for address, planned in self.code[ws.stack].items()}
            changes = [
                self._importing(address, planned, imports[address])
                if address in imports
                else _change(address, ["create"], planned)
                for address, planned in planned_by_address.items()
                if address not in held and (not targets or address in targets)
            ]
        summary = PlanSummary(
            tuple(Change(each["address"], each["type"], tuple(each["change"]["actions"])) for each in changes),
            (),
            len(changes),
            {"resource_changes": changes},
        )
        self._planned[ws.stack] = summary
        return summary

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary:
        summary = super().apply(ws, on_event=on_event, cancel=cancel)
        file = ws.root / "imports.tf"
        ids = [known for _, known in BLOCK.findall(file.read_text(encoding="utf-8"))] if file.exists() else []
        self.store.states[ws.stack] = replace(self.store.states[ws.stack], ids=frozenset(ids))
        return summary

    def push_state(self, ws: Workspace, file: Path, *, on_event: EventSink, cancel: threading.Event) -> None:
        super().push_state(ws, file, on_event=on_event, cancel=cancel)
        pushed = self.pushed[-1]
        held = tuple(f"{each['type']}.{each['name']}" for each in pushed["resources"])
        state = State(pushed["serial"], pushed["lineage"], {}, held, ids=frozenset(self.there))
        self.store.states[ws.stack] = state

    def _refuse(self, imports: Mapping[str, str], on_event: EventSink) -> None:
        lonely = {
            to for to, id_ in imports.items() if "aws_lambda_permission." in to and id_.split("/")[0] not in self.there
        }
        for address in imports.keys() - lonely:
            on_event({"type": "refresh_complete", "hook": {"resource": {"addr": address}}})
        if lonely:  # the provider does not say which
            diagnostic = {"severity": "error", "summary": "couldn't find resource", "detail": ""}
            on_event({"type": "diagnostic", "diagnostic": diagnostic})
            raise TerraformError("terraform plan failed")
        absent = {address for address, known in imports.items() if known not in self.there}
        for address in absent:
            detail = f"While attempting to import an existing object to {json.dumps(address)}, the provider detected …"
            diagnostic = {"severity": "error", "summary": "Cannot import non-existent remote object", "detail": detail}
            on_event({"type": "diagnostic", "diagnostic": diagnostic})
        if absent:
            raise TerraformError("terraform plan failed")

    def _importing(self, address: str, planned: Mapping[str, Any], known: str) -> Json:
        tags = {"tags_all": dict(self.there[known])}
        other = self.other.get(known, {})
        done = ["delete", "create"] if address in self.replaced else ["update"] if other else ["no-op"]
        change = _change(address, done, planned)
        read = {name: value for name, value in planned.items() if name != UNREAD}
        change["change"] |= {"importing": {"id": known}, "before": {**read, **other, **tags}}
        if address in self.replaced:
            change["change"]["replace_paths"] = [[UNREAD if UNREAD in planned else "name"]]
        return change | {"name": address.split(".")[-1], "provider_name": "registry.terraform.io/hashicorp/aws"}

    def lose(self, stack: str, *resources: str) -> None:
        """Let the state hold these alone; without any it is gone."""
        before = self.store.states.pop(stack)
        self.store.proofs.pop(stack, None)
        self.forget(stack)
        if resources:
            self.store.states[stack] = State(before.serial, before.lineage, {}, resources)


def known(**planned: Any) -> Planned:
    """Attributes that are known from the beginning, with the platform's tags."""
    return lambda imports: {"tags_all": dict(OWN), **planned}


def after(other: str, attribute: str, **planned: Any) -> Planned:
    """The same, but that one attribute is the import ID of another resource."""

    def values(imports: Mapping[str, str]) -> dict[str, Any]:
        return {**planned, **({attribute: imports[other]} if other in imports else {})}

    return values


def _change(address: str, actions: list[str], planned: Mapping[str, Any]) -> Json:
    type_ = address.split(".")[-2]
    return {"address": address, "mode": "managed", "type": type_, "change": {"actions": actions, "after": planned}}
