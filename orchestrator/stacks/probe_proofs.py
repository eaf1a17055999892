"""Keep the evidence of smoke probes from earlier deployments, as long as their inputs have not changed.

Most probes run in every deployment. A probe that runs jobs, which takes minutes and on AWS costs money, runs again
only if a stack that it depends on, its blueprint file, the live model version or the code of the probes has changed,
and always where stacks are not skipped by proof either.
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


class PassedProbe(BaseModel):
    """A probe that passed, and a digest of its inputs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    proven: Proven


class StoredProbes(BaseModel):
    """Passed probes of one blueprint by name: `proofs/smoke-<blueprint>.json`, beside those of the stacks."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    probes: dict[str, PassedProbe] = {}

    def to_json(self) -> Json:
        return self.model_dump(mode="json", by_alias=True)


def document(blueprint: str) -> str:
    """Return the name of a blueprint's document in the store of proofs."""
    return f"smoke-{blueprint}"


class Evidence:
    """The evidence of one blueprint in one run."""

    def __init__(self, session: Session, blueprint: Blueprint) -> None:
        self._session = session
        self._document = document(blueprint.name)
        self._subject = _subject(session, blueprint)
        self._stored = self._read()

    def proven(self) -> dict[str, Proven]:
        """Return the evidence of probes that need not be repeated, by name."""
        return {name: probe.proven for name, probe in self._stored.probes.items() if probe.subject == self._subject}

    def keep(self, results: Iterable[ProbeResult], at: str) -> None:
        """Store passed probes and remove failed ones; a probe that was not repeated keeps its time."""
        probes = dict(self._stored.probes)
        for result in results:
            if result.status == "failed":
                probes.pop(result.probe, None)
            elif result.probe in smoke.ONCE and result.proven_at is None and self._subject is not None:
                proven = Proven(at=at, fidelity=result.fidelity, detail=result.detail)
                probes[result.probe] = PassedProbe(subject=self._subject, proven=proven)
        if probes != self._stored.probes:
            self._write(StoredProbes(schema_version=1, probes=probes))

    def _read(self) -> StoredProbes:
        try:
            return StoredProbes.model_validate(self._session.target.store.read_proof(self._document) or {"schema": 1})
        except ValidationError:
            return StoredProbes(schema_version=1)
        except PlatformError as error:
            # The probe runs once more; nothing else is lost.
            self._session.journal.stage(self._document, f"evidence of probes is unreadable: {error.message}")
            return StoredProbes(schema_version=1)

    def _write(self, probes: StoredProbes) -> None:
        try:
            self._session.target.store.write_proof(self._document, probes.to_json())
        except PlatformError as error:
            # The probes passed anyway; the next deployment repeats them.
            self._session.journal.stage(self._document, f"evidence of probes could not be stored: {error.message}")


def _subject(session: Session, blueprint: Blueprint) -> str | None:
    """Digest all inputs of a probe; `None` if one of its stacks is not proven by this run."""
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
                # Another version than the live one may have been released.
                [(released.now, released.model_version)] if released else [],
                _code(),
            ],
            sort_keys=True,
        ).encode()
    )


def _below(session: Session, stack: str) -> list[str]:
    """Return a stack and all its direct and indirect dependencies."""
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
