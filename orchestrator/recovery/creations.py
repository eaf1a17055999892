"""Find the resources that a killed terraform created, from its output.

Terraform stores its state while it works, and once more at its end; if it is killed in between, its last resources are
in no state. But each completed resource is a line of its `-json` output, with address and id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.state import State
from orchestrator.core.types import Json
from orchestrator.terraform.record import Record


@dataclass(frozen=True)
class Creations:
    """The creations that an output reports."""

    completed: dict[str, str] = field(default_factory=dict)
    """Address of each created resource to the provider's id; empty if terraform did not report it."""
    begun: tuple[str, ...] = ()
    """Addresses whose creation began and did not end in the output: they may exist or not."""


def unrecorded(record: Record, state: State | None) -> dict[str, str]:
    """Map the addresses that the command created and the stored state lacks to the reported ids.

    The id is the resource's attribute `id`, which is not always the import ID; `importing.adopt` converts it.
    """
    held = set(state.resources) if state is not None else set()
    return {address: known for address, known in creations(record.stdout).completed.items() if address not in held}


def uncertain(record: Record, state: State | None) -> tuple[str, ...]:
    """List the addresses that the command may have created and the stored state lacks."""
    held = set(state.resources) if state is not None else set()
    return tuple(address for address in creations(record.stdout).begun if address not in held)


def creations(output: Path) -> Creations:
    """Read the creations in an output, which may be truncated. A later deletion cancels a creation."""
    completed: dict[str, str] = {}
    begun: dict[str, None] = {}
    for event in _events(output):
        hook = event.get("hook")
        resource = hook.get("resource") if isinstance(hook, dict) else None
        if not isinstance(hook, dict) or not isinstance(resource, dict) or not isinstance(resource.get("addr"), str):
            continue
        address = resource["addr"]
        match event.get("type"), hook.get("action"):
            case "apply_start", "create":
                begun[address] = None
            case "apply_complete", "create":
                begun.pop(address, None)
                completed[address] = str(hook.get("id_value") or "") if hook.get("id_key", "id") == "id" else ""
            case "apply_complete", "delete":
                completed.pop(address, None)
            case "apply_errored", "create":
                # It may exist anyway, if only the wait for it failed: terraform then keeps it in its state, as tainted,
                # unless that state is lost.
                begun[address] = None
    return Creations(completed, tuple(begun))


def _events(output: Path) -> Iterator[Json]:
    """Yield the events of complete lines; the last line may be truncated."""
    try:
        text = output.read_bytes()
    except FileNotFoundError:
        return
    for line in text.split(b"\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
