"""The published contract of a run, `result.json`: one file for scripts and for CI.

`orchestrator schema result` prints its JSON Schema. Fields are added, never renamed; a breaking change
raises `schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.core.types import Fidelity
from orchestrator.risk import Risk, RiskClass

if TYPE_CHECKING:
    from orchestrator.pipeline.model import PipelineResult
    from orchestrator.policy.model import PolicyReport
    from orchestrator.smoke.model import ProbeResult

Action = Literal["created", "changed", "unchanged", "skipped", "failed", "destroyed"]
ChangeAction = Literal["create", "update", "replace", "delete", "forget"]
Status = Literal["ok", "failed", "cancelled", "preview"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ChangeResult(Part):
    address: str
    type: str
    action: ChangeAction


class StackResult(Part):
    name: str
    phase: str
    action: Action
    reason: str = ""
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    total: int = Field(0, description="resources in the state afterwards")
    why: list[str] = Field([], description="deploy: what differs from the last success, or that nothing does")
    changes: list[ChangeResult] = Field([], description="what terraform planned, resource by resource")
    seconds: float = 0.0


class RiskResult(Part):
    kind: RiskClass
    stack: str
    resource: str
    reason: str


class FindingResult(Part):
    rule: str
    resource: str
    file: str
    severity: str
    message: str = ""
    hint: str | None = None


class PolicyResult(Part):
    rules_expected: int = Field(description="rules that must run")
    rules_ran: int = Field(description="of these, how many did")
    missing: list[str] = Field([], description="rules that should have run and did not: the gate is broken")
    findings: list[FindingResult] = []
    scans: int = Field(0, description="source and plan scans that are summed up here")
    skipped: int = Field(0, description="inline skips, each with its reason at the resource")
    passed: bool


class PipelineStepResult(Part):
    name: str
    status: Literal["ok", "failed", "not-run"]
    fidelity: Fidelity
    seconds: float
    detail: str = ""


class PipelineRunResult(Part):
    execution_arn: str
    status: str
    model_package_arn: str | None
    metrics: dict[str, float]
    steps: list[PipelineStepResult]
    error: str | None = None


class EndpointResult(Part):
    """One endpoint, or the jobs of a batch blueprint, which change through releases only."""

    blueprint: str
    status: Literal["launched", "unchanged", "released", "rolled-back", "failed", "due"] = Field(
        description="failed: the endpoint is unchanged or needs attention; due: not started"
    )
    before: str | None = Field(
        None, description="configuration (of jobs: model) that was live before this run; none: not deployed"
    )
    now: str | None = Field(None, description="configuration (of jobs: model) that is live now, from SageMaker")
    model_version: str = Field(description="that it should run")
    verified: list[str] = Field([], description="what verified `now`: DescribeEndpoint, probes")
    rolled_back: bool = False
    execution_arn: str | None = None
    error: str | None = None


class SmokeResult(Part):
    probe: str
    blueprint: str
    method: str
    source: str
    status: Literal["ok", "failed", "skipped"]
    latency_ms: float
    fidelity: Fidelity
    detail: str = ""
    proven_at: str | None = Field(None, description="when its jobs ran: in an earlier deployment of the same inputs")


class RecoveredResult(Part):
    """A resource that exists and that no state held when the run started."""

    stack: str = Field("", description="where it belongs; empty: nowhere")
    address: str = Field("", description="of the resource in that stack, or empty")
    type: str = ""
    id: str = Field("", description="by which it is imported, or its ARN")
    action: Literal["found", "imported", "removed", "left"] = Field(
        description="found: not decided yet; left: it may belong to something else, or matches several addresses"
    )
    reason: str = ""


class ErrorResult(Part):
    type: str
    message: str
    hint: str | None = None
    step: str | None = Field(None, description="the step that failed")


class Result(Part):
    """`.runs/<env>/<run_id>/result.json`."""

    schema_version: Literal[1] = Field(1, alias="schema")
    run_id: str
    env: str
    command: str
    status: Status
    started_at: str
    seconds: float
    exit_code: int
    error: ErrorResult | None = None
    stacks: list[StackResult] = []
    risks: list[RiskResult] = Field([], description="what the plans lose, grant or expose; see `--accept-risk`")
    policy: PolicyResult | None = None
    pipeline: PipelineRunResult | None = None
    trainings: dict[str, PipelineRunResult] = Field({}, description="pipelines that ran, by training")
    releases: list[EndpointResult] = Field([], description="what was live before, what is now, and what verified it")
    smoke: list[SmokeResult] = []
    warnings: list[str] = Field([], description="what needs attention although the run succeeded")
    recovered: list[RecoveredResult] = Field([], description="recover only: what existed and was in no state")
    orphans: list[str] | None = Field(
        None, description="ARNs of resources that no Terraform state holds; none: not checked"
    )

    @property
    def pipelines(self) -> dict[str, PipelineRunResult]:
        """All pipelines that ran, by a title."""
        own = {"pipeline": self.pipeline} if self.pipeline else {}
        return {**own, **{f"training {name}": each for name, each in self.trainings.items()}}

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


def risk_results(risks: Iterable[Risk], stacks: Sequence[str]) -> list[RiskResult]:
    """Return each risk once, in the order of the stacks; the reason in the real plan replaces that in the preview."""
    latest = {risk.key: risk for risk in risks}
    return [RiskResult(**vars(risk)) for risk in sorted(latest.values(), key=lambda risk: stacks.index(risk.stack))]


def policy_result(reports: Sequence[PolicyReport]) -> PolicyResult | None:
    """Combine several scans into one verdict: failed if one of them failed."""
    if not reports:
        return None
    expected = frozenset[str]().union(*(report.rules_expected for report in reports))
    missing = frozenset[str]().union(*(report.rules_expected - report.rules_ran for report in reports))
    return PolicyResult(
        rules_expected=len(expected),
        rules_ran=len(expected - missing),
        missing=sorted(missing),
        findings=[FindingResult(**vars(finding)) for report in reports for finding in report.findings],
        scans=len(reports),
        skipped=sum(len(report.skipped) for report in reports),
        passed=all(report.passed for report in reports),
    )


def pipeline_result(result: PipelineResult) -> PipelineRunResult:
    return PipelineRunResult(
        execution_arn=result.execution_arn,
        status=result.status,
        model_package_arn=result.model_package_arn,
        metrics=result.metrics,
        steps=[PipelineStepResult(**vars(step)) for step in result.steps],
        error=result.error,
    )


def smoke_result(result: ProbeResult) -> SmokeResult:
    return SmokeResult(**vars(result))
