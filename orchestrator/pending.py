"""Model versions that wait for a person, in words."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import ApprovalPending
from orchestrator.tools.interfaces import PendingVersion


def waits(version: PendingVersion) -> str:
    nobody = "" if version.execution_arn else ", though no execution waits for it any more"
    return f"version {version.number} of {version.group} waits for approval since {version.since}{nobody}"


def of(versions: Sequence[PendingVersion]) -> ApprovalPending:
    """Everything is deployed but what takes its model from these."""
    newest = versions[-1]
    metrics = ", ".join(f"{name} {value}" for name, value in newest.metrics.items())
    said = "; ".join(waits(each) for each in versions) + (f" ({metrics})" if metrics else "")
    return ApprovalPending(
        f"{said}; everything else is deployed",
        hint=f"`{newest.approve}` (or `reject` in its place), then deploy again for endpoints that wait for a model",
    )
