"""The doors to the outside world: one Protocol per external tool.

The real ones sit beside this file, their fakes in `tests/fakes/`. Nothing above `tools` starts a
process, opens a socket or calls AWS in any other way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from orchestrator.system.identity import Identity

Json = dict[str, Any]
EventSink = Callable[[Json], None]
Fidelity = Literal["executed", "emulated", "stand-in", "recorded", "not-run"]
"""How real a result is, strongest first. On AWS everything that ran is `executed`."""

FIDELITY_ORDER: tuple[Fidelity, ...] = ("executed", "emulated", "stand-in", "recorded", "not-run")


def weakest(*values: Fidelity) -> Fidelity:
    """The least real of several results; a chain is no more real than its weakest link."""
    return max(values, key=FIDELITY_ORDER.index)


@dataclass(frozen=True)
class Workspace:
    """Everything terraform needs to know about one stack on disk (all paths absolute)."""

    stack: str
    root: Path
    """Folder with `*.tf` or `cdk.tf.json`."""
    values_file: Path
    backend_file: Path | None
    """`None`: local state inside `data_dir` (preview)."""
    data_dir: Path
    """`TF_DATA_DIR`, never shared between stacks or environments."""
    plan_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    """Complete process environment."""
    environment: str = ""
    bucket: str | None = None
    """Of the state, and its key there; `None` for a preview."""
    state_key: str | None = None
    run: Path | None = None
    """Folder of the run, which keeps what terraform did; without one nothing is kept."""


@dataclass(frozen=True)
class Change:
    address: str
    type: str
    actions: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True)
class PlanSummary:
    """A plan, read from terraform's own JSON."""

    changes: tuple[Change, ...]
    outputs_changed: tuple[str, ...]
    resources_total: int
    document: Json
    """`terraform show -json` of the plan file: read once, used by every gate."""

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.outputs_changed

    def count(self, action: str) -> int:
        return sum(action in change.actions for change in self.changes)


@dataclass(frozen=True)
class ApplySummary:
    added: int
    changed: int
    destroyed: int


class TerraformTool(Protocol):
    """Terraform. Every method raises `TerraformError` (diagnostics in the message) or `StateLocked`."""

    def version(self) -> str: ...
    def init(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> None: ...
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
        """With `targets` it is about these addresses, and what they build on; destroying, what builds on them."""
        ...

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary: ...
    def push_state(self, ws: Workspace, file: Path, *, on_event: EventSink, cancel: threading.Event) -> None:
        """Store a state that lies in a file. Refused for one that is older than what is stored, or another's."""
        ...


@dataclass(frozen=True)
class State:
    """A Terraform state object as it lies in S3."""

    serial: int
    lineage: str
    outputs: Json
    """Output name to plain value."""
    resources: tuple[str, ...]
    """Addresses of managed resources."""
    ids: frozenset[str] = frozenset()
    """ARNs and ids of managed resources: by these what exists is known again."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is deployed; what waits to be deleted after a replacement has no address, but is there."""
        return not self.resources and not self.ids


@dataclass(frozen=True)
class StoredLock:
    """A lock object, as it lies beside the state that it locks."""

    stack: str
    key: str
    etag: str
    modified: str
    """When it was written, as ISO 8601."""
    info: Json | None
    """As terraform wrote it (`Who`, `Operation`, `Created`, `ID`); `None` where it is no such object."""


class StateStore(Protocol):
    """Terraform states of one environment, read straight from the bucket."""

    bucket: str

    def ensure_bucket(self) -> bool:
        """Create the bucket (versioned, encrypted, private) and its key if they are missing; True if it was made.

        Raises `CredentialsError` for a bucket of another account.
        """
        ...

    @property
    def key_arn(self) -> str | None:
        """ARN of the key that the states lie under; `None` where there is none yet."""
        ...

    def key(self, stack: str) -> str: ...
    def stacks(self) -> tuple[str, ...]:
        """Names of all that have a state object, whatever is in it."""
        ...

    def read(self, stack: str) -> State | None: ...
    def read_proof(self, stack: str) -> Json | None:
        """What was stored about the last success; `None` if nothing was, or something that is no object."""
        ...

    def write_proof(self, stack: str, proof: Json) -> None: ...
    def remove_proof(self, stack: str) -> None: ...
    def locks(self) -> list[StoredLock]:
        """All locks that are held now, also of states that no file names any more."""
        ...

    def remove_lock(self, lock: StoredLock) -> bool:
        """Delete exactly this lock; False if it is gone, or another one lies there by now."""
        ...


@dataclass(frozen=True)
class Finding:
    rule: str
    resource: str
    file: str
    severity: str
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class PolicyReport:
    """One scan. `rules_expected` and `rules_ran` are ids; a difference means the gate is broken."""

    rules_expected: frozenset[str]
    rules_ran: frozenset[str]
    findings: tuple[Finding, ...]
    skipped: tuple[Finding, ...]
    """Inline skips, the reason in `message`."""
    seconds: float
    undecided: tuple[Finding, ...] = ()
    """Plan scans: rules that ask for a value which is known only after apply. Not green, not red."""

    @property
    def passed(self) -> bool:
        return not self.findings and self.rules_expected <= self.rules_ran


class PolicyGate(Protocol):
    """checkov with the project's own rules. Raises `PolicyGateBroken` when it cannot vouch for a result."""

    def scan_source(self, folder: Path, *, fresh: bool = False) -> PolicyReport:
        """Terraform source; `fresh` repeats no report of an earlier scan."""
        ...

    def scan_plan(self, plan_document: Json, *, root: Path) -> PolicyReport: ...
    def fingerprint(self) -> str:
        """Hash of the rules and of the program that applies them."""
        ...

    def prepare(self) -> None:
        """Start what a scan will need, without waiting for it."""
        ...


@dataclass(frozen=True)
class LocalAccess:
    """The way into a local AWS: its address, and the administrator's key of its present start."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    process: Identity | None = field(default=None, compare=False)
    """Who serves it, as far as it is known: once that process is gone, nobody will answer there any more."""


@dataclass(frozen=True)
class EmulatorInfo:
    pid: int
    access: LocalAccess
    account_id: str
    log: Path
    started_at: str
    iam: str = "enforced"
    """`enforced`, or `off`: then roles may do everything, whatever their policies say."""
    lost: str = ""
    """Of one that `up` has just started: what went down with an earlier one, which nobody had stopped."""

    @property
    def endpoint(self) -> str:
        return self.access.endpoint


class EmulatorProcess(Protocol):
    """The local AWS as a process. Raises `EmulatorError`."""

    def up(self) -> EmulatorInfo: ...
    def down(self) -> bool: ...
    def status(self) -> EmulatorInfo | None: ...
    def lost(self) -> str:
        """What went down with an emulator that ended though nobody had stopped it; empty where none did."""
        ...

    def logs(self, lines: int) -> str: ...
    def evidence(self, **filters: str) -> list[Json]:
        """Records of work that really ran (`GET /_emulator/evidence`)."""
        ...


@dataclass(frozen=True)
class Package:
    """A deployable file; equal input gives equal bytes on any machine."""

    name: str
    path: Path
    sha256_base64: str


class Packager(Protocol):
    def build(self, out: Path) -> dict[str, Package]: ...


@dataclass(frozen=True)
class SynthInputs:
    """What a synthesised root depends on."""

    code: tuple[Path, ...]
    module: Path
    """The HCL module that the root composes."""
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class StepResult:
    """One of the nine pipeline steps."""

    name: str
    status: Literal["ok", "failed", "not-run"]
    fidelity: Fidelity
    seconds: float
    detail: str = ""


AWAITING_APPROVAL = "AWAITING_APPROVAL"
"""Status of a pipeline whose execution runs, and waits for a person."""


@dataclass(frozen=True)
class PipelineResult:
    execution_arn: str
    status: str
    """Step Functions status (SUCCEEDED, FAILED, TIMED_OUT, ABORTED), or AWAITING_APPROVAL."""
    model_package_arn: str | None
    metrics: dict[str, float]
    steps: tuple[StepResult, ...]
    error: str | None = None


@dataclass(frozen=True)
class EndpointState:
    """What an endpoint runs, and what it should.

    Attributes:
        running: name of its configuration.
        in_service: whether SageMaker calls it so.
        version: the model version that it should run.
        asked: whether somebody named that version; else it is the live one.
        difference: why a release is due, in a sentence; empty when none is.
        last: how the last release ended; empty before the first.
        jobs: whether there is no endpoint: batch jobs take `running`, the name of a model.
    """

    running: str
    in_service: bool
    version: str
    asked: bool
    difference: str = ""
    last: str = ""
    jobs: bool = False


@dataclass(frozen=True)
class ReleaseResult:
    """How a release ended. `changed`: whether the endpoint runs something else now."""

    blueprint: str
    execution_arn: str
    status: str
    """Step Functions status: SUCCEEDED, FAILED, TIMED_OUT, ABORTED."""
    changed: bool
    config_name: str | None
    error: str | None = None
    previous_config_name: str | None = None


@dataclass(frozen=True)
class PendingVersion:
    """A model version that nobody has decided about.

    Attributes:
        since: when it was registered, as ISO 8601.
        execution_arn: what waits for the decision; `None` where nothing does, or no longer.
        metrics: as the registry tells them.
        approve: the command to type.
    """

    group: str
    number: int
    arn: str
    since: str
    execution_arn: str | None
    metrics: dict[str, str]
    approve: str


Verb = Literal["approve", "reject"]


@dataclass(frozen=True)
class Decision:
    """What a person decided about a version, and what came of it. `repeated`: the registry said so before."""

    group: str
    number: int
    arn: str
    verb: Verb
    repeated: bool
    execution_arn: str | None
    releases: tuple[ReleaseResult, ...] = ()


@dataclass(frozen=True)
class ProbeResult:
    probe: str
    blueprint: str
    method: str
    source: str
    status: Literal["ok", "failed", "skipped"]
    latency_ms: float
    fidelity: Fidelity
    detail: str
    proven_at: str | None = None
    """When the costly part of it ran, if that was in an earlier deployment and nothing has changed since."""


@dataclass(frozen=True)
class Proven:
    """What a probe saw in an earlier deployment of the very same things."""

    at: str
    fidelity: Fidelity
    detail: str


class Cloud(Protocol):
    """AWS (or the emulator behind `AWS_ENDPOINT_URL`), as far as deploy, pipeline and smoke need it."""

    endpoint: str | None
    """Emulator endpoint; `None` on AWS."""

    def account_id(self) -> str:
        """Raises `CredentialsError`."""
        ...

    def client(self, service: str) -> Any:
        """A boto3 client of this environment's region, endpoint and credentials."""
        ...

    def api_url(self, rest_api_id: str, stage: str) -> str: ...
    def http(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, lower-case headers, body. Never through a proxy when the target is loopback."""
        ...
