"""Skip by proof: a stack is skipped only if all its inputs are the same as at its last success.

Pure. An input is a name and a hash: a file of the code, a value, a version. A proof holds all inputs of a
success and which state came out of it (lineage and serial). It does not cover changes made by
hand outside Terraform; so environments that people rely on are always refreshed (`deploy.skip`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.core.state import State
from orchestrator.core.types import Json

_SHOWN = 6


class Proof(BaseModel):
    """`proofs/<stack>.json`, beside the states."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    stack: str
    lineage: str = Field(min_length=1)
    serial: int = Field(ge=0)
    inputs: dict[str, str] = Field(min_length=1)

    def to_json(self) -> Json:
        return self.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True)
class Verdict:
    """Whether a stack's proof still holds."""

    holds: bool
    why: tuple[str, ...]
    """What differs; if nothing does, what was compared."""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def value_digests(values: Mapping[str, Any], checkout: str) -> dict[str, str]:
    """Return one input per variable, without the checkout's path: packages carry their hash in name and value."""
    digests = {}
    for name, value in values.items():
        text = json.dumps(value, sort_keys=True).replace(json.dumps(f"{checkout}/")[1:-1], "")
        digests[f"value `{name}`"] = digest(text.encode())
    return digests


def read(document: object, stack: str) -> Proof | None:
    """Parse a stored proof; `None` unless the document is a complete proof of this stack."""
    try:
        proof = Proof.model_validate(document)
    except ValidationError:
        return None
    return proof if proof.stack == stack else None


def judge(proof: Proof | None, inputs: Mapping[str, str], state: State | None) -> Verdict:
    """Compare a proof with the present inputs and state."""
    if state is None or not state.resources:
        return Verdict(False, ("nothing is deployed",))
    if proof is None:
        return Verdict(False, ("no proof of an earlier success",))
    why = [*_state_changes(proof, state), *_input_changes(proof.inputs, inputs)]
    if why:
        return Verdict(False, tuple(why))
    files = sum(name.startswith("file ") for name in inputs)
    same = f"{files} files, {len(inputs) - files} values and the state (serial {state.serial}) are as proven"
    return Verdict(True, (f"nothing changed: {same}",))


def _state_changes(proof: Proof, state: State) -> list[str]:
    if proof.lineage != state.lineage:
        return ["the state is another one (lineage)"]
    if proof.serial != state.serial:
        return [f"the state has serial {state.serial}, after the last success it was {proof.serial}"]
    return []


def _input_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    changes = [f"{name} changed" for name in sorted(now) if name in before and before[name] != now[name]]
    changes += [f"{name} is new" for name in sorted(set(now) - set(before))]
    changes += [f"{name} is gone" for name in sorted(set(before) - set(now))]
    more = len(changes) - _SHOWN
    return changes[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
