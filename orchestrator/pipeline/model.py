"""Results of the training pipeline, and decisions about the model versions that it registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.core.types import Fidelity
from orchestrator.release.model import ReleaseResult


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
