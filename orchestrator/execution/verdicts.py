"""Derive the outcome of a run from its steps: which error counts, and what the run waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.errors import ApprovalPending, PlatformError, SmokeFailed, StateLocked, TerraformKilled
from orchestrator.execution.scheduler import Outcome
from orchestrator.pipeline.model import PendingVersion
from orchestrator.system.process import StillWorking


def worst(failures: Sequence[tuple[str, Exception]], environment: str) -> tuple[str, Exception]:
    """Return the first failure, which is nearest to the cause; failed probes and held locks are reported together."""
    name, error = failures[0]
    alike = [each for _, each in failures if isinstance(each, PlatformError) and type(each) is type(error)]
    messages = "; ".join(each.message for each in alike)
    if isinstance(error, StateLocked):
        hint = f"`orchestrator unlock {environment}` says whether the holders live, and frees the locks of dead ones"
        return name, StateLocked(messages, hint=hint)
    if isinstance(error, SmokeFailed) and len(alike) > 1:
        return name, SmokeFailed(messages, hint=error.hint)
    return name, error


def loose(
    outcomes: Mapping[str, Outcome], kinds: tuple[type[PlatformError], ...] = (StillWorking, TerraformKilled)
) -> list[str]:
    """Return the steps whose terraform was left running or was killed: another command has to take over from it."""
    return [name for name, outcome in outcomes.items() if isinstance(outcome.error, kinds)]


def waits(version: PendingVersion) -> str:
    ended = "" if version.execution_arn else ", though no execution waits for it any more"
    return f"version {version.number} of {version.group} waits for approval since {version.since}{ended}"


def approval_pending(versions: Sequence[PendingVersion]) -> ApprovalPending:
    """Return the error of a run that deployed everything except blueprints that wait for these versions."""
    newest = versions[-1]
    metrics = ", ".join(f"{name} {value}" for name, value in newest.metrics.items())
    waiting = "; ".join(waits(each) for each in versions) + (f" ({metrics})" if metrics else "")
    return ApprovalPending(
        f"{waiting}; everything else is deployed",
        hint=f"`{newest.approve}` (or `reject` in its place), then deploy again for endpoints that wait for a model",
    )
