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
from orchestrator.config.models import Blueprint
from orchestrator.errors import PlatformError
from orchestrator.proof import digest
from orchestrator.session import Session
from orchestrator.tools.interfaces import Json, ProbeResult, Proven

NAME = "smoke"
"""`proofs/smoke.json`, beside those of the stacks."""


class Seen(BaseModel):
    """A probe that was green, and a digest of all that it looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    proven: Proven


class Kept(BaseModel):
    """Green probes by blueprint and name."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    probes: dict[str, dict[str, Seen]] = {}

    def to_json(self) -> Json:
        return self.model_dump(mode="json", by_alias=True)


class Evidence:
    """Of the blueprints that one run probes."""

    def __init__(self, session: Session, blueprints: Iterable[Blueprint]) -> None:
        self._session = session
        self._subjects = {each.name: _subject(session, each) for each in blueprints}
        self._kept = self._read()

    def still(self) -> dict[str, dict[str, Proven]]:
        """What need not be asked again."""
        return {
            blueprint: {name: seen.proven for name, seen in probes.items() if seen.subject == subject}
            for blueprint, probes in self._kept.probes.items()
            if (subject := self._subjects.get(blueprint)) is not None
        }

    def keep(self, results: Iterable[ProbeResult], at: str) -> None:
        """Remember the green ones, forget the red ones; what was not asked again is as old as it was."""
        probes = {name: dict(each) for name, each in self._kept.probes.items()}
        for result in results:
            if result.proven_at is not None:
                continue
            subject = self._subjects.get(result.blueprint)
            if result.status == "failed":
                probes.get(result.blueprint, {}).pop(result.probe, None)
            elif subject is not None and result.probe in smoke.ONCE:
                proven = Proven(at=at, fidelity=result.fidelity, detail=result.detail)
                probes.setdefault(result.blueprint, {})[result.probe] = Seen(subject=subject, proven=proven)
        kept = Kept(schema_version=1, probes={name: each for name, each in probes.items() if each})
        if kept != self._kept:
            self._write(kept)

    def _read(self) -> Kept:
        try:
            return Kept.model_validate(self._session.target.store.read_proof(NAME) or {"schema": 1})
        except ValidationError:
            return Kept(schema_version=1)

    def _write(self, kept: Kept) -> None:
        try:
            self._session.target.store.write_proof(NAME, kept.to_json())
        except PlatformError as error:
            # The probes were green all the same; the next deploy will ask again.
            self._session.journal.stage(NAME, f"what was seen could not be stored: {error.message}")


def _subject(session: Session, blueprint: Blueprint) -> str | None:
    """All that a probe's answer rests on; nothing where one of its stacks is not proven by this very run."""
    proofs = []
    for name in _below(session, f"blueprint-{blueprint.name}"):
        if name not in session.proofs:
            return None
        proofs.append(session.proofs[name].to_json())
    return digest(
        json.dumps(
            [
                proofs,
                blueprint.model_dump(mode="json"),
                session.model_versions,
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
