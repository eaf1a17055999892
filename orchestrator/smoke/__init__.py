"""Smoke inference: "deployed" means "answers", and answers right.

Every probe is a file with one class, and a line in `registry.PROBES`. A probe that cannot do its work,
because an output or an expected answer is missing, has failed; nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    on_event: EventSink,
    proven: Mapping[str, Proven] | None = None,
) -> tuple[ProbeResult, ...]:
    """Probe a blueprint, in the order of `PROBES`.

    Args:
        cloud: where it is deployed.
        blueprint: its file says what to ask and what must come back.
        outputs: published objects by stack (`inference`, `blueprint-reviews`, …).
        on_event: hears each result as it comes.
        proven: by probe, what an earlier deployment of the same things has proven.
    """
    target = Target(cloud, blueprint, outputs, proven or {})
    results = []
    for probe in PROBES:
        if not probe.applies(blueprint):
            continue
        result = _one(probe, target, blueprint)
        results.append(result)
        words = f"{probe.name} {result.status} ({result.latency_ms:.0f} ms): {result.detail}"
        on_event({"type": "smoke", "@message": words, "status": result.status})
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
