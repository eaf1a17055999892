"""What a terraform that died had made, by its own words.

Terraform stores its state while it works, and once more at its end; killed in between, the last of what it made
is in no state. But each thing that it finished is a line of its `-json` output, with address and id.
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
class Told:
    """What one output tells of creations."""

    made: dict[str, str] = field(default_factory=dict)
    """Address to id, as the provider calls it; empty where terraform named none."""
    begun: tuple[str, ...] = ()
    """Addresses whose creation began and was not seen to end: they may exist or not."""


def unrecorded(record: Record, state: State | None) -> dict[str, str]:
    """What the command made and the stored state lacks: address to the id that terraform told.

    The id is the resource's own attribute `id`, which is not always what an import takes; `importing.adopt` knows.
    """
    held = set(state.resources) if state is not None else set()
    return {address: known for address, known in told(record.stdout).made.items() if address not in held}


def uncertain(record: Record, state: State | None) -> tuple[str, ...]:
    """What the command may have made and the stored state lacks."""
    held = set(state.resources) if state is not None else set()
    return tuple(address for address in told(record.stdout).begun if address not in held)


def told(output: Path) -> Told:
    """Read an output, however it ends. A later deletion takes back what was made before it."""
    made: dict[str, str] = {}
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
                made[address] = str(hook.get("id_value") or "") if hook.get("id_key", "id") == "id" else ""
            case "apply_complete", "delete":
                made.pop(address, None)
            case "apply_errored", "create":
                # It may have been made all the same, and only the waiting for it failed: terraform would then
                # have it in its state, as tainted. A state that was lost has not.
                begun[address] = None
    return Told(made, tuple(begun))


def _events(output: Path) -> Iterator[Json]:
    """Whole lines only: the last one may have been cut."""
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
