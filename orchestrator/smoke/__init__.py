"""Smoke tests: check that deployed blueprints respond, and respond correctly.

Every probe is a class in its own file and a line in `registry.PROBES`. A probe that cannot run, because an output or an
expected answer is missing, has failed; nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.aws.model import Cloud
from orchestrator.config.model.platform import Blueprint
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError
from orchestrator.smoke.base import Probe, ProbeFailed, Target, Verdict
from orchestrator.smoke.model import ProbeResult, Proven
from orchestrator.smoke.registry import ONCE, PROBES

__all__ = ["ONCE", "PROBES", "run"]


def run(
    cloud: Cloud,
    blueprint: Blueprint,
    outputs: Mapping[str, Json],
    *,
    repo: Path,
    on_event: EventSink,
    proven: Mapping[str, Proven] | None = None,
) -> tuple[ProbeResult, ...]:
    """Probe a blueprint, in the order of `PROBES`.

    Args:
        cloud: the account and region.
        blueprint: the blueprint, with its requests and expected answers.
        outputs: published objects by stack (`inference`, `blueprint-reviews`, …).
        repo: the checkout, which has the files of custom checks.
        on_event: called for each result.
        proven: by probe, what an earlier deployment of the same configuration has proven.
    """
    target = Target(cloud, blueprint, outputs, repo, proven or {})
    results = []
    for probe in PROBES:
        if not probe.applies(blueprint):
            continue
        result = _one(probe, target, blueprint)
        results.append(result)
        message = f"{probe.name} {result.status} ({result.latency_ms:.0f} ms): {result.detail}"
        on_event({"type": "smoke", "@message": message, "status": result.status})
    return tuple(results)


def _one(probe: Probe, target: Target, blueprint: Blueprint) -> ProbeResult:
    try:
        verdict, status = probe.check(target), "ok"
    except ProbeFailed as failure:
        verdict, status = failure.verdict, "failed"
    except PlatformError as error:
        verdict, status = Verdict(0.0, "not-run", error.message), "failed"
    return ProbeResult(
        probe=probe.name,
        blueprint=blueprint.name,
        method=blueprint.kind,
        source=blueprint.model.source,
        status="ok" if status == "ok" else "failed",
        latency_ms=round(verdict.latency_ms, 1),
        fidelity=verdict.fidelity,
        detail=verdict.detail,
        proven_at=verdict.proven_at,
    )
