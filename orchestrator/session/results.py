"""What a run gathers; shared by the steps that run at the same time."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.core.package import Package
from orchestrator.core.state import State
from orchestrator.core.types import Json
from orchestrator.planning.proof import Proof
from orchestrator.risk import Risk
from orchestrator.runs.result import EndpointResult, PipelineRunResult, RecoveredResult, SmokeResult, StackResult
from orchestrator.session.target import Target

if TYPE_CHECKING:
    from orchestrator.pipeline.model import PendingVersion
    from orchestrator.policy.model import PolicyReport


@dataclass
class Results:
    """Collects the results of one run. Safe to use from several threads.

    Values are replaced as a whole and never changed in place, so that readers need no lock. What several steps add to
    is written through the methods, which hold the lock; what one step alone finds out is assigned.
    """

    target: Target | None = None
    packages: Mapping[str, Package] = field(default_factory=dict)
    outputs: Mapping[str, Json] = field(default_factory=dict)
    """By stack."""
    model_versions: Mapping[str, Json] = field(default_factory=dict)
    """The live version of each model group."""
    states: Mapping[str, State | None] = field(default_factory=dict)
    """By stack, as read when the run began. A run that changes a state later changes the stack's proof as well."""
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    """Of the stacks that this run has found or brought up to date."""
    stacks: Mapping[str, StackResult] = field(default_factory=dict)
    policy: tuple[PolicyReport, ...] = ()
    risks: tuple[Risk, ...] = ()
    """Of every plan made, previews included."""
    pipeline: PipelineRunResult | None = None
    """Of the platform's own training."""
    trainings: Mapping[str, PipelineRunResult] = field(default_factory=dict)
    """By training."""
    releases: Mapping[str, EndpointResult] = field(default_factory=dict)
    """By blueprint."""
    smoke: tuple[SmokeResult, ...] = ()
    recovered: tuple[RecoveredResult, ...] = ()
    """Resources that existed and were in no state."""
    orphans: tuple[str, ...] | None = None
    """ARNs; `None` before the audit."""
    warnings: tuple[str, ...] = ()
    """What users have to know although the run succeeded."""
    waiting: tuple[str, ...] = ()
    """Model groups that a blueprint stack waits for."""
    pending: tuple[PendingVersion, ...] = ()
    """Model versions that wait for approval and without which this run is incomplete."""
    previewed: bool = False
    """Whether a plan rests on example values, and so can never be applied."""
    _why: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def publish(self, stack: str, outputs: Json) -> None:
        """Make a stack's outputs available to its dependents."""
        with self._lock:
            self.outputs = {**self.outputs, stack: outputs}

    def add_model_version(self, group: str, version: Json) -> None:
        with self._lock:
            self.model_versions = {**self.model_versions, group: version}

    def add_state(self, stack: str, state: State | None) -> None:
        with self._lock:
            self.states = {**self.states, stack: state}

    def add_proof(self, proof: Proof) -> None:
        with self._lock:
            self.proofs = {**self.proofs, proof.stack: proof}

    def add_stack(self, result: StackResult) -> None:
        with self._lock:
            why = list(self._why.get(result.name, ()))
            self.stacks = {**self.stacks, result.name: result.model_copy(update={"why": why})}

    def explain(self, stack: str, why: Sequence[str]) -> None:
        """Note why a stack was or was not skipped; part of the result that is added for it later."""
        with self._lock:
            self._why = {**self._why, stack: tuple(why)}

    def add_policy(self, report: PolicyReport) -> None:
        with self._lock:
            self.policy = (*self.policy, report)

    def add_risks(self, risks: Sequence[Risk]) -> None:
        with self._lock:
            self.risks = (*self.risks, *risks)

    def add_release(self, result: EndpointResult) -> None:
        """Note the state of a blueprint's endpoint, replacing what was known about it before."""
        with self._lock:
            self.releases = {**self.releases, result.blueprint: result}

    def add_pipeline(self, training: str | None, result: PipelineRunResult) -> None:
        """Note how a training's pipeline ended; without a name that of the platform's own."""
        with self._lock:
            if training is None:
                self.pipeline = result
            else:
                self.trainings = {**self.trainings, training: result}

    def add_pending(self, versions: Sequence[PendingVersion]) -> None:
        with self._lock:
            self.pending = (*self.pending, *versions)

    def add_smoke(self, results: Sequence[SmokeResult]) -> None:
        with self._lock:
            self.smoke = (*self.smoke, *results)

    def add_recovered(self, results: Sequence[RecoveredResult]) -> None:
        with self._lock:
            self.recovered = (*self.recovered, *results)

    def warn(self, text: str) -> None:
        with self._lock:
            self.warnings = (*self.warnings, text)

    def wait_for_model(self, group: str) -> None:
        with self._lock:
            if group not in self.waiting:
                self.waiting = (*self.waiting, group)
