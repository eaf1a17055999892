"""Results of the training pipeline, and decisions about the model versions that it registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.core.types import Fidelity
from orchestrator.release.model import ReleaseResult


@dataclass(frozen=True)
class StepResult:
    """A step of the pipeline, one of nine."""

    name: str
    status: Literal["ok", "failed", "not-run"]
    fidelity: Fidelity
    seconds: float
    detail: str = ""


AWAITING_APPROVAL = "AWAITING_APPROVAL"
"""Status of a pipeline whose execution runs and waits for approval."""


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
    """A model version without a decision.

    Attributes:
        since: the time of its registration, in ISO 8601.
        execution_arn: the execution that waits for the decision, if any.
        metrics: the metrics in the registry.
        approve: the command that approves it.
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
    """The decision about a version, and its releases.

    Attributes:
        repeated: whether the registry already had this decision.
        execution_arn: the execution that carried it out; `None` if there was none, or nothing to do.
        already: whether the version was live before.
    """

    group: str
    number: int
    arn: str
    verb: Verb
    repeated: bool
    execution_arn: str | None
    releases: tuple[ReleaseResult, ...] = ()
    already: bool = False
