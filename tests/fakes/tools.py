"""All tools of a run at once, each a fake; what terraform applies appears in the fake state store."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.api_keys import key_names
from orchestrator.aws.model import Cloud
from orchestrator.blueprints.inputs import SynthInputs
from orchestrator.config.model.platform import Blueprint, Described, Environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.core.state import State
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError
from orchestrator.local_aws.model import EmulatorInfo
from orchestrator.pipeline.model import AWAITING_APPROVAL, Decision, PendingVersion, PipelineResult, StepResult, Verb
from orchestrator.registry.model import Container, Registered, Target
from orchestrator.release.model import EndpointState, ReleaseResult
from orchestrator.smoke.model import ProbeResult, Proven
from orchestrator.terraform.model import ApplySummary, Workspace
from tests.fakes.aws import FakeCloud
from tests.fakes.emulator import INFO, FakeEmulator
from tests.fakes.keys import KeysOfAws, published
from tests.fakes.listings import empty_except
from tests.fakes.packages import FakePackager
from tests.fakes.policy import FakePolicyGate
from tests.fakes.state import FakeStateStore
from tests.fakes.terraform import FakeTerraform, plan_summary

VERSION: dict[str, Any] = {
    "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-local-reviews/1",
    "model_data_url": "s3://bucket/artifacts/models/registered/0a/model.tar.gz",
    "image": "image:1",
    "files_sha256": "0b",
    "metrics": {"accuracy": 0.8},
}
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-local-release"
TRAINING = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-local-training"
OUTPUTS: dict[str, Json] = {
    "buckets": {"s3_buckets": {"data": {"name": "data-bucket"}, "logs": {"name": "log-bucket"}}},
    "foundation": {
        "s3": {"bucket_name": "data-bucket"},
        "kms": {
            "data_key_arn": "arn:aws:kms:us-east-1:123456789012:key/data",
            "models_key_arn": "arn:aws:kms:us-east-1:123456789012:key/models",
        },
        "model_registry": {"group_names": {"reviews": "mlops-local-reviews"}},
    },
    "data": {"glue": {}},
    "models": {
        "sagemaker": {
            "live_parameter_name": "/mlops/local/models/reviews/live",
            "image_repositories": {
                name: f"registry/{name}" for name in ("pytorch-inference", "sagemaker-scikit-learn")
            },
        },
        "stepfunctions": {"state_machine_arn": TRAINING},
    },
    "inference": {"api": {"rest_api_id": "api1", "keys": published("default", "smoke", "reviews-team")}},
    "monitoring": {"monitoring": {"dashboard_name": "d"}},
    "retention": {"s3_lifecycle": {"bucket_names": ["data-bucket"]}},
    "notifications": {"event_rules": {"rule_arns": {}}},
    "studio": {"studio": {"domain_id": "d-1"}},
    "releases": {"release": {"state_machine_arn": MACHINE}},
    "blueprint-reviews": {
        "name": "reviews",
        "endpoint_name": "mlops-blueprint-reviews",
        "release_parameter_name": "/mlops/local/releases/specs/reviews",
    },
    "features": {"feature_store": {"job_name": "mlops-local-feature-ingestion"}},
}


class PublishingTerraform(FakeTerraform):
    """Applies into a state store, as the real one does with its backend."""

    def __init__(self, store: FakeStateStore) -> None:
        super().__init__()
        self.store = store
        self.outputs: Callable[[], dict[str, Json]] = lambda: OUTPUTS
        self.silent: set[str] = set()
        """Stacks that publish nothing."""
        self.before_apply: Callable[[str], None] = lambda stack: None

    def apply(self, ws: Workspace, *, on_event: EventSink, cancel: threading.Event) -> ApplySummary:
        self.before_apply(ws.stack)
        planned = self._planned[ws.stack]
        summary = super().apply(ws, on_event=on_event, cancel=cancel)
        left = () if planned.count("delete") else tuple(change.address for change in planned.changes)
        name = "blueprint" if ws.stack.startswith("blueprint-") else ws.stack
        outputs = {name: self.outputs().get(ws.stack, {"name": ws.stack, "endpoint_name": f"mlops-{ws.stack}"})}
        serial = self.store.states[ws.stack].serial + 1 if ws.stack in self.store.states else 1
        published = outputs if left and ws.stack not in self.silent else {}
        self.store.states[ws.stack] = State(serial, "lineage", published, left)
        return summary


def pipeline_succeeds() -> PipelineResult:
    steps = (StepResult("ingestion", "ok", "executed", 1.0), StepResult("training", "ok", "executed", 2.0))
    arn = "arn:aws:states:us-east-1:123456789012:execution:pipeline:1"
    return PipelineResult(arn, "SUCCEEDED", VERSION["model_package_arn"], {"accuracy": 0.8}, steps)


def release_succeeds(blueprint: str) -> ReleaseResult:
    arn = "arn:aws:states:us-east-1:123456789012:execution:mlops-local-release:1"
    return ReleaseResult(blueprint, arn, "SUCCEEDED", True, f"mlops-local-{blueprint}-00000000-v2")


def pipeline_waits() -> PipelineResult:
    return replace(pipeline_succeeds(), status=AWAITING_APPROVAL)


def pending_version(number: int = 1, execution: str | None = "arn:execution") -> PendingVersion:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-local-reviews/{number}"
    command = f"orchestrator release approve local reviews --version {number}"
    return PendingVersion("reviews", number, arn, "2026-11-30T10:00:00+00:00", execution, {"accuracy": "0.8"}, command)


@dataclass
class FakeTools:
    """Satisfies `Tools`.

    Attributes:
        pipeline_answer: what the pipeline run returns; a success makes a version live.
        probes: status of the probe by blueprint, `ok` unless given.
        proven: what the probes may skip, by blueprint.
        due: by blueprint why a release is due; `released` keeps the requested ones.
        pinned: requested versions, by blueprint.
        release_answer: how a release ends.
        makes_live: whether a successful pipeline approves its model.
        pending: versions that wait for a person; a pipeline that waits adds the next.
        decision: what a decision leads to, an exception included; `decided` keeps the requests.
        imported: the requested imports; each has the result `import_answer`.
        stopped: state machines whose executions were stopped, each with the stacks that were destroyed by then.
    """

    repo: Path
    environment: Environment
    live: dict[str, Json] = field(default_factory=dict)
    pipeline_answer: Callable[[], PipelineResult] = pipeline_succeeds
    makes_live: bool = True
    probes: dict[str, str] = field(default_factory=dict)
    proven: dict[str, dict[str, Proven]] = field(default_factory=dict)
    pipeline_runs: list[Json] = field(default_factory=list)
    environments: list[str | None] = field(default_factory=list)
    synth_prepared: int = 0
    modules: dict[tuple[str, str], Path] = field(default_factory=dict)
    due: dict[str, str] = field(default_factory=dict)
    pinned: dict[str, str] = field(default_factory=dict)
    release_answer: Callable[[str], ReleaseResult] = release_succeeds
    described: list[dict[str, str]] = field(default_factory=list)
    released: list[Json] = field(default_factory=list)
    pending: list[PendingVersion] = field(default_factory=list)
    decision: Decision | Exception | None = None
    decided: list[Json] = field(default_factory=list)
    imported: list[Json] = field(default_factory=list)
    import_answer: Registered | None = None
    approved_versions: dict[str, str] = field(default_factory=lambda: {"2": "arn:version/2"})
    stopped: list[tuple[str, list[str]]] = field(default_factory=list)
    parallelism: int = 2

    def __post_init__(self) -> None:
        self.store = FakeStateStore()
        self.terraform = PublishingTerraform(self.store)
        self.terraform.outputs = self._outputs
        self.gate = FakePolicyGate()
        self.packager = FakePackager()
        self.emulator = FakeEmulator()
        self.keys = KeysOfAws()
        endpoint = INFO.endpoint if self.environment.is_local else None
        self.aws = FakeCloud(endpoint=endpoint, services=empty_except(self.keys.services()))
        for name in (name for name in OUTPUTS if not name.startswith("blueprint-")):
            self.terraform.plans[name] = plan_summary(f"aws_s3_bucket.{name}")
        for blueprint in self.environment.blueprints:
            name = f"blueprint-{blueprint.name}"
            self.terraform.plans[name] = plan_summary(f"aws_s3_bucket.{blueprint.name}")

    def _outputs(self) -> dict[str, Json]:
        environment = self.environment
        keys = published(*key_names(environment), prefix=environment.name_prefix, environment=environment.name)
        return {**OUTPUTS, "inference": {"api": {**OUTPUTS["inference"]["api"], "keys": keys}}}

    @contextlib.contextmanager
    def throwaway_emulator(self) -> Iterator[EmulatorInfo]:
        yield INFO

    def cloud(self, local: LocalAccess | None) -> Cloud:
        return self.aws

    def states(self, cloud: Cloud, bucket: str) -> FakeStateStore:
        self.store.bucket = bucket
        return self.store

    def process_env(self, local: LocalAccess | None) -> dict[str, str]:
        endpoint = local.endpoint if local else None
        self.environments.append(endpoint)
        return {"PATH": "/bin", **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})}

    def synth(self, file: Described, out: Path) -> None:
        (out / "cdk.tf.json").write_text("{}", encoding="utf-8")

    def prepare_synth(self) -> None:
        self.synth_prepared += 1

    def synth_inputs(self, file: Described) -> SynthInputs:
        source = file.model.source if isinstance(file, Blueprint) else ""
        module = self.modules.get((file.kind, source), self.repo / "no-module")
        kind = "blueprint" if source else file.kind
        return SynthInputs((), module, {f"the {kind} file": file.model_dump(mode="json")})

    def live_version(self, cloud: Cloud, parameter: str) -> Json | None:
        return self.live.get(parameter)

    def run_pipeline(
        self,
        cloud: Cloud,
        models_outputs: Json,
        *,
        bucket: str,
        dataset: Path | None,
        on_event: EventSink,
        own: Sequence[str] = (),
    ) -> PipelineResult:
        self.pipeline_runs.append({"bucket": bucket, "dataset": dataset, "outputs": models_outputs, "own": tuple(own)})
        on_event({"type": "state", "message": "training"})
        result = self.pipeline_answer()
        if result.status == AWAITING_APPROVAL:
            self.pending.append(pending_version(len(self.pending) + 1))
        if result.status == "SUCCEEDED" and self.makes_live:
            self.live[models_outputs["sagemaker"]["live_parameter_name"]] = dict(VERSION)
        return result

    def pending_versions(self, cloud: Cloud) -> tuple[PendingVersion, ...]:
        return tuple(self.pending)

    def approved_version(self, cloud: Cloud, group: str, version: str) -> str:
        if version not in self.approved_versions:
            raise PlatformError(f"`{group}` has no version `{version}`")
        return self.approved_versions[version]

    def decide(
        self, cloud: Cloud, group: str, number: int | None, verb: Verb, *, comment: str, on_event: EventSink
    ) -> Decision:
        self.decided.append({"group": group, "number": number, "verb": verb, "comment": comment})
        on_event({"type": "pipeline", "@message": "ProbeCandidate"})
        if isinstance(self.decision, Exception):
            raise self.decision
        assert self.decision is not None, "the test gives no decision"
        return self.decision

    def import_model(
        self,
        cloud: Cloud,
        group: str,
        artefact: str,
        container: Container,
        target: Target,
        *,
        prove: Callable[[Path], None] | None,
        on_event: EventSink,
    ) -> Registered:
        self.imported.append({"group": group, "artefact": artefact, "container": container, "target": target})
        if prove is not None:
            prove(Path(artefact))
        on_event({"type": "release", "@message": f"uploaded {artefact}"})
        assert self.import_answer is not None, "the test gives no answer"
        return self.import_answer

    def stop_pipelines(self, cloud: Cloud, machine: str) -> int:
        applied = [stack for command, stack in self.terraform.calls if command == "apply"]
        self.stopped.append((machine, applied))
        return 1

    def endpoints(self, cloud: Cloud, parameters: Mapping[str, str]) -> dict[str, EndpointState]:
        self.described.append(dict(parameters))
        return {name: self._endpoint(name) for name in parameters}

    def _endpoint(self, name: str) -> EndpointState:
        """Return the state after the releases so far: the new version after a success, else the old one."""
        ended = [self.release_answer(name) for each in self.released if name in each["versions"]]
        red = [each for each in ended if each.error]
        config = f"mlops-local-{name}-00000000-"
        return EndpointState(
            running=config + ("v2" if ended and not red else "v1"),
            in_service=True,
            version=self.pinned.get(name, str(VERSION["model_package_arn"])),
            pinned=name in self.pinned,
            difference="" if ended and not red else self.due.get(name, ""),
            last="rolled-back" if red else "released" if ended else "",
        )

    def release(
        self, cloud: Cloud, machine: str, versions: Mapping[str, str | None], *, on_event: EventSink
    ) -> tuple[ReleaseResult, ...]:
        self.released.append({"machine": machine, "versions": dict(versions)})
        on_event({"type": "release", "@message": "reviews: UpdateEndpoint"})
        return tuple(self.release_answer(name) for name in versions)

    def smoke(
        self,
        cloud: Cloud,
        blueprint: Blueprint,
        outputs: Mapping[str, Json],
        *,
        on_event: EventSink,
        proven: Mapping[str, Proven],
    ) -> tuple[ProbeResult, ...]:
        self.proven[blueprint.name] = dict(proven)
        name = "batch" if blueprint.kind == "batch" else "api"
        return (
            ProbeResult(
                probe=name,
                blueprint=blueprint.name,
                method=blueprint.kind,
                source=blueprint.model.source,
                status=self.probes.get(blueprint.name, "ok"),  # type: ignore[arg-type]
                latency_ms=12.0,
                fidelity="executed",
                detail="",
                proven_at=proven[name].at if name in proven else None,
            ),
        )
