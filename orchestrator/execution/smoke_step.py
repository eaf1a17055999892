"""Run the smoke probes of one blueprint and store their evidence."""

from __future__ import annotations

import datetime as dt

from orchestrator.errors import SmokeFailed
from orchestrator.planning.steps import SmokeTest
from orchestrator.planning.values import blueprint_of
from orchestrator.runs.result import smoke_result
from orchestrator.runs.run_folder import timestamp
from orchestrator.session.session import Session
from orchestrator.stacks.probe_proofs import Evidence


def run(session: Session, step: SmokeTest) -> None:
    """Probe a blueprint if it is deployed. Raises `SmokeFailed` unless every probe passed."""
    if f"blueprint-{step.blueprint}" not in session.results.outputs:
        session.journal.stage(step.name, "skipped: not deployed")
        return
    blueprint = blueprint_of(session.environment, step.blueprint)
    evidence = Evidence(session, blueprint)
    results = session.tools.smoke(
        session.target.cloud,
        blueprint,
        session.results.outputs,
        on_event=session.journal.sink(step.name),
        proven=evidence.proven() if step.skip else {},
    )
    evidence.keep(results, timestamp(dt.datetime.now(dt.UTC)))
    session.results.add_smoke([smoke_result(result) for result in results])
    failed = [result for result in results if result.status == "failed"]
    if failed:
        lines = "; ".join(f"{each.probe}: {each.detail}" for each in failed)
        raise SmokeFailed(
            f"{len(failed)} of {len(results)} smoke probes of {blueprint.name} failed: {lines}",
            hint=f"`orchestrator smoke {session.environment.name}` repeats them",
        )
    if not results:
        raise SmokeFailed(f"no smoke probe ran for {blueprint.name}")
