"""Collect and hash the inputs of one stack for its proof."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.core.state import State
from orchestrator.errors import PlatformError, TerraformError
from orchestrator.planning import proof
from orchestrator.planning.graph import Stack
from orchestrator.planning.proof import Proof, Verdict
from orchestrator.planning.values import file_of
from orchestrator.session.session import Session
from orchestrator.terraform import source_files

_LOCK_FILE = Path("terraform") / ".terraform.lock.hcl"


def of_stack(session: Session, stack: Stack, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of every input by name.

    Raises:
        Opaque: the code reads something that cannot be hashed here.
    """
    tools = session.tools
    digests = proof.value_digests(values, str(tools.repo))
    digests["the policies"] = tools.gate.fingerprint()
    if stack.root is not None:
        code = source_files.files(tools.repo / stack.root)
    else:
        inputs = tools.synth_inputs(file_of(session.environment, stack))
        code = [*source_files.files(inputs.module), *inputs.code, tools.repo / _LOCK_FILE]
        for name, fact in inputs.facts.items():
            digests[name] = proof.digest(json.dumps(fact, sort_keys=True).encode())
    repo = tools.repo.resolve()
    for file in code:
        digests[f"file {_short(repo, file)}"] = proof.digest(file.read_bytes())
    return digests


class StackProof:
    """Checks, drops and stores the proof of one stack in one run."""

    def __init__(self, session: Session, stack: Stack, values: Mapping[str, Any]) -> None:
        self._session, self._stack, self._values = session, stack, values
        self._opaque: str | None = None
        self._inputs = self._hash()

    def verdict(self, state: State | None) -> Verdict:
        if self._inputs is None:
            return Verdict(False, (f"it cannot be proven: {self._opaque}",))
        stored = self._stored()
        verdict = proof.judge(stored, self._inputs, state)
        if stored is not None and verdict.holds:
            self._session.results.add_proof(stored)
        return verdict

    def drop(self) -> None:
        """Remove the proof before anything is changed, since it no longer holds however this run ends."""
        self._session.target.store.remove_proof(self._stack.name)

    def store(self, state: State) -> None:
        """Store a proof after a success, unless a file changed meanwhile: then it is unknown what terraform read."""
        if self._inputs is None or self._inputs != self._hash():
            return
        made = Proof(stack=self._stack.name, lineage=state.lineage, serial=state.serial, inputs=self._inputs)
        try:
            self._session.target.store.write_proof(self._stack.name, made.to_json())
            self._session.results.add_proof(made)
        except PlatformError as error:
            # The stack is deployed anyway; the next deployment plans it again.
            self._session.journal.stage(self._stack.name, f"its proof could not be stored: {error.message}")

    def _stored(self) -> Proof | None:
        try:
            document = self._session.target.store.read_proof(self._stack.name)
        except TerraformError as error:
            self._session.journal.stage(self._stack.name, f"its proof is unreadable: {error.message}")
            return None
        return proof.read(document, self._stack.name)

    def _hash(self) -> dict[str, str] | None:
        try:
            return of_stack(self._session, self._stack, self._values)
        except (source_files.Opaque, OSError) as error:
            self._opaque = str(error)
            return None


def _short(repo: Path, file: Path) -> str:
    return str(file.relative_to(repo)) if file.is_relative_to(repo) else file.name
