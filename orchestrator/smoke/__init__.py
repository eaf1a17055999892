"""Smoke inference: "deployed" means "answers", and answers right.

Every probe is a file with one class, and a line in `registry.PROBES`. A probe that cannot do its work,
because an output or an expected answer is missing, has failed; nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from orchestrator.config.models import Blueprint, Environment
from orchestrator.errors import PlatformError
from orchestrator.smoke.base import SYNCHRONOUS, Probe, ProbeFailed, Target, Verdict
from orchestrator.smoke.registry import ONCE, PROBES
from orchestrator.tools.interfaces import Cloud, EventSink, Json, ProbeResult, Proven

__all__ = ["ONCE", "PROBES", "run"]

_SIDE_BY_SIDE = 4
"""More would measure each other's latency on a small machine."""


def run(
    cloud: Cloud,
    environment: Environment,
    outputs: Mapping[str, Json],
    *,
    on_event: EventSink,
    proven: Mapping[str, Mapping[str, Proven]] | None = None,
) -> tuple[ProbeResult, ...]:
    """Probe every blueprint of the environment.

    Args:
        cloud: where they are deployed.
        environment: its blueprint files say what to ask and what must come back.
        outputs: published objects by stack (`inference`, `blueprint-reviews`, …).
        on_event: hears each result as it comes, from several threads.
        proven: by blueprint and probe, what an earlier deployment of the same things has proven.

    Blueprints are probed side by side, the probes of one in their order; so are the results.
    """

    def probed(blueprint: Blueprint) -> list[ProbeResult]:
        results = []
        target = Target(cloud, blueprint, outputs, (proven or {}).get(blueprint.name, {}))
        for probe in PROBES:
            if not probe.applies(blueprint):
                continue
            result = _one(probe, target, blueprint)
            results.append(result)
            words = f"{blueprint.name} {probe.name} {result.status} ({result.latency_ms:.0f} ms): {result.detail}"
            on_event({"type": "smoke", "@message": words, "status": result.status})
        return results

    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE, thread_name_prefix="smoke") as pool:
        # Those that wait the longest for their answers are begun first.
        begun = {
            each.name: pool.submit(probed, each)
            for each in sorted(environment.blueprints, key=lambda each: each.kind in SYNCHRONOUS)
        }
        return tuple(result for each in environment.blueprints for result in begun[each.name].result())


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
