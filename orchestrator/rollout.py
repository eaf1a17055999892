"""What `deploy` does with endpoints that exist: release those that are due, and say what is live afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.errors import ReleaseFailed
from orchestrator.plan import RELEASES, Release
from orchestrator.result import EndpointResult
from orchestrator.session import Session
from orchestrator.tools.interfaces import EndpointState, EventSink, ReleaseResult

DESCRIBED, ANSWERED = "DescribeEndpoint", "probe of the release"


def release(session: Session, step: Release, sink: EventSink) -> None:
    """Release what runs something else than it should. Raises `ReleaseFailed` if one of them is red."""
    parameters = {
        name: str(parameter)
        for name in step.blueprints
        if (parameter := session.outputs.get(f"blueprint-{name}", {}).get("release_parameter_name"))
    }
    cloud = session.target.cloud
    before = session.tools.endpoints(cloud, parameters)
    session.releases = [_found(session, name, each) for name, each in before.items()]
    due = {name: each for name, each in before.items() if each.difference}
    if not due:
        session.journal.stage(step.name, "not needed: every endpoint runs what its files and the live version make")
        return
    results = session.tools.release(
        cloud,
        _machine(session, due),
        {name: each.version if each.asked else None for name, each in due.items()},
        on_event=sink,
    )
    after = session.tools.endpoints(cloud, {name: parameters[name] for name in due})
    ended = {each.blueprint: _ended(each, due[each.blueprint], after[each.blueprint]) for each in results}
    session.releases = [ended.get(each.blueprint, each) for each in session.releases]
    failed = [each for each in ended.values() if each.error]
    if failed:
        raise ReleaseFailed(
            "; ".join(f"{each.blueprint}: {each.error}" for each in failed),
            hint=f"the endpoint runs what it ran before; the execution {failed[0].execution_arn} has every step",
        )
    changed = [result.blueprint for result in results if result.changed]
    session.journal.stage(step.name, f"released {', '.join(changed) or 'nothing: somebody else had already'}")


def verified(session: Session) -> list[EndpointResult]:
    """The endpoints, each with the smoke probes that it passed afterwards."""
    passed: dict[str, list[str]] = {}
    for probe in session.smoke:
        if probe.status == "ok":
            passed.setdefault(probe.blueprint, []).append(f"smoke {probe.probe}")
    return [
        each.model_copy(update={"verified": [*each.verified, *passed.get(each.blueprint, [])]})
        for each in session.releases
    ]


def _machine(session: Session, due: Mapping[str, EndpointState]) -> str:
    machine = session.outputs.get(RELEASES, {}).get("release", {}).get("state_machine_arn")
    if machine is None:
        raise ReleaseFailed(
            f"{'; '.join(each.difference for each in due.values())}; what would change that is not deployed",
            hint=f"`orchestrator deploy {session.environment.name}` deploys the stack `{RELEASES}`",
        )
    return str(machine)


def _found(session: Session, name: str, state: EndpointState) -> EndpointResult:
    """Before any release."""
    stack = session.stacks.get(f"blueprint-{name}")
    launched = stack is not None and stack.action == "created"
    return EndpointResult(
        blueprint=name,
        status="due" if state.difference else "launched" if launched else "unchanged",
        before=None if launched else state.running,
        now=state.running,
        model_version=state.version,
        verified=[] if state.difference else [DESCRIBED],
        error=state.difference or None,
    )


def _ended(result: ReleaseResult, before: EndpointState, after: EndpointState) -> EndpointResult:
    """After the release, by what SageMaker says and not by what the release says of itself."""
    green = result.error is None and after.running == result.config_name
    back = not green and after.in_service and after.running == before.running
    rolled_back = back and after.last == "rolled-back"
    return EndpointResult(
        blueprint=result.blueprint,
        status="released" if green else "rolled-back" if rolled_back else "failed",
        before=before.running,
        now=after.running,
        model_version=after.version,
        verified=[*([DESCRIBED] if green or back else []), *([ANSWERED] if green and result.changed else [])],
        rolled_back=rolled_back,
        execution_arn=result.execution_arn,
        error=None if green else result.error or after.difference or f"the endpoint runs {after.running}",
    )
