"""Release the endpoints that are due, and report what is live afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.types import EventSink
from orchestrator.errors import ReleaseFailed
from orchestrator.planning.steps import RELEASES, Release
from orchestrator.release.model import EndpointState, ReleaseResult
from orchestrator.runs.result import EndpointResult, SmokeResult
from orchestrator.session.session import Session

ANSWERED = "probe of the release"


def release(session: Session, step: Release, sink: EventSink) -> None:
    """Release a blueprint whose endpoint does not run what it should. Raises `ReleaseFailed` if that fails."""
    name, cloud = step.blueprint, session.target.cloud
    parameter = session.results.outputs.get(f"blueprint-{name}", {}).get("release_parameter_name")
    if not parameter:
        return
    parameters = {name: str(parameter)}
    before = session.tools.endpoints(cloud, parameters)[name]
    session.results.add_release(_found(session, name, before))
    if not before.difference:
        session.journal.stage(step.name, "not needed: it runs what its file and the live version make")
        return
    machine = _machine(session, before)
    (result,) = session.tools.release(cloud, machine, {name: before.version if before.pinned else None}, on_event=sink)
    ended = _ended(result, before, session.tools.endpoints(cloud, parameters)[name])
    session.results.add_release(ended)
    if ended.error:
        raise ReleaseFailed(
            f"{name}: {ended.error}",
            hint=f"the endpoint is unchanged; every step is in the execution {ended.execution_arn}",
        )
    session.journal.stage(step.name, "released" if result.changed else "already up to date")


def verified(session: Session, smoke: Sequence[SmokeResult]) -> list[EndpointResult]:
    """Return the endpoints in the order of the blueprints, each with the smoke probes that it passed afterwards."""
    passed: dict[str, list[str]] = {}
    for probe in smoke:
        if probe.status == "ok":
            passed.setdefault(probe.blueprint, []).append(f"smoke {probe.probe}")
    releases = [session.results.releases.get(each.name) for each in session.environment.blueprints]
    return [
        each.model_copy(update={"verified": [*each.verified, *passed.get(each.blueprint, [])]})
        for each in releases
        if each is not None
    ]


def _machine(session: Session, due: EndpointState) -> str:
    machine = session.results.outputs.get(RELEASES, {}).get("release", {}).get("state_machine_arn")
    if machine is None:
        raise ReleaseFailed(
            f"{due.difference}; the stack that releases it is not deployed",
            hint=f"`orchestrator deploy {session.environment.name}` deploys the stack `{RELEASES}`",
        )
    return str(machine)


def _found(session: Session, name: str, state: EndpointState) -> EndpointResult:
    """Describe an endpoint before any release."""
    stack = session.results.stacks.get(f"blueprint-{name}")
    launched = stack is not None and stack.action == "created"
    return EndpointResult(
        blueprint=name,
        status="due" if state.difference else "launched" if launched else "unchanged",
        before=None if launched else state.running,
        now=state.running,
        model_version=state.version,
        verified=[] if state.difference else [_described(state)],
        error=state.difference or None,
    )


def _ended(result: ReleaseResult, before: EndpointState, after: EndpointState) -> EndpointResult:
    """Describe an endpoint after its release, as SageMaker reports it: the release's own report is not trusted."""
    green = result.error is None and after.running == result.config_name
    back = not green and after.in_service and after.running == before.running
    rolled_back = back and after.last == "rolled-back"
    probed = green and result.changed and not after.jobs
    return EndpointResult(
        blueprint=result.blueprint,
        status="released" if green else "rolled-back" if rolled_back else "failed",
        before=before.running,
        now=after.running,
        model_version=after.version,
        verified=[*([_described(after)] if green or back else []), *([ANSWERED] if probed else [])],
        rolled_back=rolled_back,
        execution_arn=result.execution_arn,
        error=None if green else result.error or after.difference or f"the endpoint runs {after.running}",
    )


def _described(state: EndpointState) -> str:
    """Name the API call that reports what runs. Jobs are not probed: their versions were, before they went live."""
    return "DescribeModel" if state.jobs else "DescribeEndpoint"
