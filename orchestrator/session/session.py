"""What one run knows and has found out so far; shared by the steps that run at the same time."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.config.model.platform import Environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.core.package import Package
from orchestrator.core.state import State
from orchestrator.core.types import Json
from orchestrator.errors import EmulatorError, PlatformError
from orchestrator.planning.examples import for_environment
from orchestrator.planning.graph import Graph
from orchestrator.planning.proof import Proof
from orchestrator.planning.values import Facts, state_bucket, tags
from orchestrator.risk import Risk
from orchestrator.runs.journal import Journal
from orchestrator.runs.result import EndpointResult, PipelineRunResult, RecoveredResult, SmokeResult, StackResult
from orchestrator.session.approval import Approval
from orchestrator.session.ports import Tools
from orchestrator.system.identity import Identity
from orchestrator.terraform.record import Record

if TYPE_CHECKING:
    from orchestrator.aws.model import Cloud, StateStore
    from orchestrator.local_aws.model import EmulatorInfo
    from orchestrator.pipeline.model import PendingVersion
    from orchestrator.policy.model import PolicyReport


@dataclass(frozen=True)
class Target:
    """The AWS that this run works on."""

    cloud: Cloud
    account_id: str
    endpoint: str | None
    store: StateStore
    env: Mapping[str, str]
    throwaway: bool = False
    """A local AWS of this run alone: there is nothing in it and nothing will stay."""
    process: Identity | None = None
    """Of a local AWS."""


def open_target(tools: Tools, local: LocalAccess | None, *, throwaway: bool = False) -> Target:
    """Reach a local AWS (`None`: the real one).

    Raises:
        CredentialsError: no usable credentials.
    """
    cloud = tools.cloud(local)
    account_id = cloud.account_id()
    bucket = state_bucket(tools.environment, account_id)
    store = tools.states(cloud, bucket)
    endpoint, process = (local.endpoint, local.process) if local is not None else (None, None)
    return Target(cloud, account_id, endpoint, store, tools.process_env(local), throwaway, process)


def running_emulator(tools: Tools) -> EmulatorInfo:
    """The local AWS. Raises `EmulatorError` when it is not running."""
    info, name = tools.emulator.status(), tools.environment.name
    if info is None:
        raise EmulatorError(
            tools.emulator.lost() or "the local AWS is not running, so nothing is deployed in it",
            hint=f"`orchestrator deploy {name}` starts it and deploys, `orchestrator emulator up {name}` starts it",
        )
    return info


def state_tags(environment: Environment) -> dict[str, str]:
    """The state bucket is made by the orchestrator, and says so."""
    return {**tags(environment), "managed-by": "orchestrator"}


@dataclass
class Session:
    """Mutable, so every change goes through a method that holds the lock."""

    tools: Tools
    graph: Graph
    journal: Journal
    cancel: threading.Event
    examples: Mapping[str, Json] = field(default_factory=dict)
    """Example outputs by stack, for previews and for destroying what has lost its upstream."""
    packages: Mapping[str, Package] = field(default_factory=dict)
    outputs: dict[str, Json] = field(default_factory=dict)
    model_versions: dict[str, Json] = field(default_factory=dict)
    stacks: dict[str, StackResult] = field(default_factory=dict)
    policy: list[PolicyReport] = field(default_factory=list)
    approval: Approval = field(default_factory=Approval)
    risks: list[Risk] = field(default_factory=list)
    """Of every plan made, previews included."""
    pipeline: PipelineRunResult | None = None
    own_executions: tuple[str, ...] = ()
    """Of the training pipeline: names of those that unfinished runs have started."""
    killed: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    """By stack, applies of earlier runs that were killed: they may have made what no state knows."""
    seen_states: dict[str, State | None] = field(default_factory=dict)
    """As they were when the run began. Whoever changes one later changes its proof as well."""
    proofs: dict[str, Proof] = field(default_factory=dict)
    """Of the stacks that this run has found or made to be what their files say."""
    recovered: list[RecoveredResult] = field(default_factory=list)
    """What existed and was in no state."""
    neighbours: tuple[str, ...] = ()
    """What names of other environments in this AWS begin with."""
    orphans: list[str] | None = None
    warnings: list[str] = field(default_factory=list)
    """What a person has to know although the run went well."""
    waiting: list[str] = field(default_factory=list)
    """Model groups that a blueprint stack waits for."""
    pending: list[PendingVersion] = field(default_factory=list)
    """Versions that wait for a person, and without which this run is not what it was asked to be."""
    previewed: bool = False
    """Whether a plan rests on example values, and so can never be applied."""
    _releases: dict[str, EndpointResult] = field(default_factory=dict)
    _smoke: list[SmokeResult] = field(default_factory=list)
    _why: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _target: Target | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> Environment:
        return self.tools.environment

    @property
    def target(self) -> Target:
        if self._target is None:
            raise PlatformError("a step used AWS before the account was checked")
        return self._target

    @target.setter
    def target(self, target: Target) -> None:
        self._target = target

    @property
    def local_process(self) -> Identity | None:
        """Who serves the local AWS; `None` before it is known, and for the real one."""
        return self._target.process if self._target is not None else None

    def facts(self, *, with_examples: bool = False) -> Facts:
        """What values are made of, as things stand now."""
        with self._lock:
            outputs = dict(self.outputs)
            account_id = self.target.account_id
            if with_examples:
                outputs = {**for_environment(self.examples, self.environment, account_id), **outputs}
            return Facts(
                account_id=account_id,
                emulated=self.target.endpoint is not None,
                packages=self.packages,
                outputs=outputs,
                model_versions=dict(self.model_versions),
            )

    def publish(self, stack: str, outputs: Json) -> None:
        with self._lock:
            self.outputs[stack] = outputs

    def record(self, result: StackResult) -> None:
        with self._lock:
            why = list(self._why.get(result.name, ()))
            self.stacks[result.name] = result.model_copy(update={"why": why})

    def explain(self, stack: str, why: Sequence[str]) -> None:
        """Why a stack was or was not left alone; goes into its result."""
        with self._lock:
            self._why[stack] = tuple(why)

    def prove(self, proof: Proof) -> None:
        with self._lock:
            self.proofs[proof.stack] = proof

    def record_policy(self, report: PolicyReport) -> None:
        with self._lock:
            self.policy.append(report)

    def record_risks(self, risks: Sequence[Risk]) -> None:
        with self._lock:
            self.risks += risks

    def record_release(self, result: EndpointResult) -> None:
        """How a blueprint stands; what was known of it before is out of date."""
        with self._lock:
            self._releases[result.blueprint] = result

    def record_smoke(self, results: Sequence[SmokeResult]) -> None:
        with self._lock:
            self._smoke += results

    @property
    def releases(self) -> list[EndpointResult]:
        """In the order of the blueprints."""
        with self._lock:
            return [self._releases[each.name] for each in self.environment.blueprints if each.name in self._releases]

    @property
    def smoke(self) -> list[SmokeResult]:
        """In the order of the blueprints, and of each one's probes."""
        order = [each.name for each in self.environment.blueprints]
        with self._lock:
            return sorted(self._smoke, key=lambda probe: order.index(probe.blueprint))

    def record_recovered(self, results: Sequence[RecoveredResult]) -> None:
        with self._lock:
            self.recovered += results

    def warn(self, text: str) -> None:
        with self._lock:
            self.warnings.append(text)

    def wait_for_model(self, group: str) -> None:
        with self._lock:
            if group not in self.waiting:
                self.waiting.append(group)
