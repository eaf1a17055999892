"""What the ends of steps mean for their run: which error counts, what is left to be done, who is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.errors import ApprovalPending, PlatformError, SmokeFailed, StateLocked, TerraformKilled
from orchestrator.execution.scheduler import Outcome
from orchestrator.pipeline.model import PendingVersion
from orchestrator.system.process import StillWorking


def worst(failures: Sequence[tuple[str, Exception]], environment: str) -> tuple[str, Exception]:
    """The first, which is nearest to the cause; of several that are silent or locked, all."""
    name, error = failures[0]
    alike = [each for _, each in failures if isinstance(each, PlatformError) and type(each) is type(error)]
    said = "; ".join(each.message for each in alike)
    if isinstance(error, StateLocked):
        hint = f"`orchestrator unlock {environment}` says whether the holders live, and frees the locks of dead ones"
        return name, StateLocked(said, hint=hint)
    if isinstance(error, SmokeFailed) and len(alike) > 1:
        return name, SmokeFailed(said, hint=error.hint)
    return name, error


def loose(
    outcomes: Mapping[str, Outcome], kinds: tuple[type[PlatformError], ...] = (StillWorking, TerraformKilled)
) -> list[str]:
    """Steps whose terraform was left at work, or was killed: what it has done is to be taken up by somebody else."""
    return [name for name, outcome in outcomes.items() if isinstance(outcome.error, kinds)]


def waits(version: PendingVersion) -> str:
    nobody = "" if version.execution_arn else ", though no execution waits for it any more"
    return f"version {version.number} of {version.group} waits for approval since {version.since}{nobody}"


def approval_pending(versions: Sequence[PendingVersion]) -> ApprovalPending:
    """Everything is deployed but what takes its model from these."""
    newest = versions[-1]
    metrics = ", ".join(f"{name} {value}" for name, value in newest.metrics.items())
    said = "; ".join(waits(each) for each in versions) + (f" ({metrics})" if metrics else "")
    return ApprovalPending(
        f"{said}; everything else is deployed",
        hint=f"`{newest.approve}` (or `reject` in its place), then deploy again for endpoints that wait for a model",
    )
