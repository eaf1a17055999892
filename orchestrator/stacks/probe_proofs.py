"""What smoke probes saw in an earlier deployment, as long as nothing that they looked at has changed.

Most probes ask again in every deployment. One that runs jobs (minutes, and on AWS money) says once that they come
back right; it is asked again when a stack below it, its blueprint file, the live model version or the probes' own
code is another one, and always where stacks are not skipped by proof either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator import smoke
from orchestrator.config.model.platform import Blueprint
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.planning.proof import digest
from orchestrator.session.session import Session
from orchestrator.smoke.model import ProbeResult, Proven


class Seen(BaseModel):
    """A probe that was green, and a digest of all that it looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    proven: Proven


class Kept(BaseModel):
    """Green probes of one blueprint by name: `proofs/smoke-<blueprint>.json`, beside those of the stacks."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    probes: dict[str, Seen] = {}

    def to_json(self) -> Json:
        return self.model_dump(mode="json", by_alias=True)


def document(blueprint: str) -> str:
    """Where the store of proofs has it."""
    return f"smoke-{blueprint}"


class Evidence:
    """Of one blueprint that a run probes."""

    def __init__(self, session: Session, blueprint: Blueprint) -> None:
        self._session = session
        self._document = document(blueprint.name)
        self._subject = _subject(session, blueprint)
        self._kept = self._read()

    def still(self) -> dict[str, Proven]:
        """By probe, what need not be asked again."""
        return {name: seen.proven for name, seen in self._kept.probes.items() if seen.subject == self._subject}

    def keep(self, results: Iterable[ProbeResult], at: str) -> None:
        """Remember the green ones, forget the red ones; what was not asked again is as old as it was."""
        probes = dict(self._kept.probes)
        for result in results:
            if result.status == "failed":
                probes.pop(result.probe, None)
            elif result.probe in smoke.ONCE and result.proven_at is None and self._subject is not None:
                proven = Proven(at=at, fidelity=result.fidelity, detail=result.detail)
                probes[result.probe] = Seen(subject=self._subject, proven=proven)
        if probes != self._kept.probes:
            self._write(Kept(schema_version=1, probes=probes))

    def _read(self) -> Kept:
        try:
            return Kept.model_validate(self._session.target.store.read_proof(self._document) or {"schema": 1})
        except ValidationError:
            return Kept(schema_version=1)
        except PlatformError as error:
            # Asking once more is all that it costs.
            self._session.journal.stage(self._document, f"what was seen is unreadable: {error.message}")
            return Kept(schema_version=1)

    def _write(self, kept: Kept) -> None:
        try:
            self._session.target.store.write_proof(self._document, kept.to_json())
        except PlatformError as error:
            # The probes were green all the same; the next deploy will ask again.
            self._session.journal.stage(self._document, f"what was seen could not be stored: {error.message}")


def _subject(session: Session, blueprint: Blueprint) -> str | None:
    """All that a probe's answer rests on; nothing where one of its stacks is not proven by this very run."""
    proofs, released = [], session.results.releases.get(blueprint.name)
    for name in _below(session, f"blueprint-{blueprint.name}"):
        if name not in session.results.proofs:
            return None
        proofs.append(session.results.proofs[name].to_json())
    return digest(
        json.dumps(
            [
                proofs,
                blueprint.model_dump(mode="json"),
                session.results.model_versions if blueprint.model.source == "sagemaker" else {},
                # Somebody may have released another version than the live one.
                [(released.now, released.model_version)] if released else [],
                _code(),
            ],
            sort_keys=True,
        ).encode()
    )


def _below(session: Session, stack: str) -> list[str]:
    """A stack and everything that it needs."""
    needs: Mapping[str, tuple[str, ...]] = {each.name: each.needs for each in session.graph.stacks}
    found, waiting = set[str](), [stack]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return sorted(found)


def _code() -> str:
    folder = Path(smoke.__file__).parent
    return digest(b"".join(file.read_bytes() for file in sorted(folder.glob("*.py"))))
