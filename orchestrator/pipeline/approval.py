"""Approve or reject model versions: list those that wait, record the decision, and wake the waiting execution.

The registry holds the decision. A waiting execution is only woken, with a token in a parameter that only approvers may
read, and then reads the registry. So a decision made elsewhere (in SageMaker's console) counts as well, and a leaked
token approves nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.aws.client import error_code, explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.pipeline.execution import live_version, new_run_id, watch
from orchestrator.pipeline.history import find_object
from orchestrator.pipeline.model import Decision, PendingVersion, Verb
from orchestrator.registry import live
from orchestrator.registry.model import Group
from orchestrator.registry.versions import described, listed, number_of
from orchestrator.release.execution import follow, started_by
from orchestrator.release.model import ReleaseResult

STATUS: Mapping[Verb, str] = {"approve": "Approved", "reject": "Rejected"}
PENDING = "PendingManualApproval"
WAITS_IN = "AwaitApproval"
_METRIC = "metric:"
"""Before the names of metrics in a version's metadata."""
_BEFORE = ("RegisterModel", "PreparePending", "NotifyPending")
"""States in which the version exists, but the wait has not begun."""
_SPENT = ("InvalidToken", "TaskDoesNotExist", "TaskTimedOut")
_WAKE_SECONDS = 60.0
_POLL_SECONDS = {"local": 0.2, "aws": 2.0}
_sleep = time.sleep


def pending(cloud: Cloud, groups: Sequence[Group]) -> tuple[PendingVersion, ...]:
    """List the versions without a decision, the oldest first; none for a group that does not exist yet."""
    return tuple(version for group in groups for version in _pending_of(cloud, group))


def decide(
    cloud: Cloud, group: Group, number: int | None, verb: Verb, *, comment: str, on_event: EventSink
) -> Decision:
    """Approve or reject a version, and follow its execution and releases to their end. Idempotent.

    Args:
        cloud: the account and region.
        group: the version's group.
        number: the version's number; `None` if exactly one waits.
        verb: the decision.
        comment: a reason for the registry.
        on_event: called for every state that an execution enters.

    Raises:
        PlatformError: there is no such version, or the other decision was made.
        ReleaseFailed: it was approved, but did not go live or did not reach an endpoint.
    """
    version = _find(cloud, group, number, verb)
    arn, status = str(version["ModelPackageArn"]), str(version["ModelApprovalStatus"])
    _refuse_otherwise(version, group, verb)
    by = _caller(cloud)
    if status == PENDING:
        _write(cloud, arn, verb, f"{STATUS[verb]} by {by}" + (f": {comment}" if comment else ""))
        on_event(_event(f"version {number_of(arn)} of {group.name} is {STATUS[verb].lower()} in the registry"))
    execution = _wake(cloud, group, version)
    if verb == "reject":
        if execution:
            watch(cloud, execution, _from_the_wait_on(on_event))
        return Decision(group.name, number_of(arn), arn, verb, status != PENDING, execution)
    if execution is None:
        if _is_live(cloud, group, arn):
            return Decision(group.name, number_of(arn), arn, verb, True, None, already=True)
        _refuse_former(version, group)
        if live.is_imported(version):
            releases = live.go_live(cloud, group, version, on_event)
            return Decision(group.name, number_of(arn), arn, verb, status != PENDING, None, releases)
        execution = _promote(cloud, group, arn, on_event)
    else:
        on_event = _from_the_wait_on(on_event)
    return _gone_live(cloud, group, arn, execution, status != PENDING, on_event)


def approved(cloud: Cloud, group: Group, reference: str) -> str:
    """Return the ARN of an approved version, given by its number or ARN.

    Raises:
        PlatformError: the group has no such version, or it is not approved.
    """
    prefix, _, number = reference.rpartition("/")
    versions = {number_of(str(each["ModelPackageArn"])): each for each in listed(cloud, group)}
    version = versions.get(int(number), {}) if number.isdecimal() else {}
    ready = sorted(n for n, each in versions.items() if each.get("ModelApprovalStatus") == STATUS["approve"])
    hint = f"approved versions: {_listed(ready[-5:]) or 'none'}"
    if not version or (prefix and version["ModelPackageArn"] != reference):
        raise PlatformError(f"`{group.name}` has no version `{reference}`", hint=hint)
    if int(number) not in ready:
        status = str(version.get("ModelApprovalStatus"))
        raise PlatformError(f"version {number} of `{group.name}` is not approved (it is {status})", hint=hint)
    return str(version["ModelPackageArn"])


def _pending_of(cloud: Cloud, group: Group) -> list[PendingVersion]:
    waiting = []
    for summary in listed(cloud, group, ModelApprovalStatus=PENDING):
        properties = described(cloud, str(summary["ModelPackageArn"])).get("CustomerMetadataProperties", {})
        execution = properties.get("execution_arn")
        waiting.append(
            PendingVersion(
                group=group.name,
                number=number_of(str(summary["ModelPackageArn"])),
                arn=str(summary["ModelPackageArn"]),
                since=_time(summary.get("CreationTime")),
                execution_arn=str(execution) if execution and _status(cloud, str(execution)) == "RUNNING" else None,
                metrics={
                    name.removeprefix(_METRIC): str(value)
                    for name, value in properties.items()
                    if name.startswith(_METRIC)
                },
                approve=f"orchestrator release approve {group.env} {group.name} "
                f"--version {number_of(str(summary['ModelPackageArn']))}",
            )
        )
    return sorted(waiting, key=lambda version: version.number)


def _find(cloud: Cloud, group: Group, number: int | None, verb: Verb) -> Json:
    """Describe the version with this number, or the only one that waits."""
    versions = {number_of(str(each["ModelPackageArn"])): each for each in listed(cloud, group)}
    waiting = sorted(n for n, each in versions.items() if each.get("ModelApprovalStatus") == PENDING)
    if number is None and len(waiting) == 1:
        number = waiting[0]
    if number is None:
        if waiting:
            raise PlatformError(
                f"{len(waiting)} versions of `{group.name}` wait for approval: {_listed(waiting)}",
                hint=f"choose one: `orchestrator release {verb} {group.env} {group.name} --version {waiting[-1]}`",
            )
        newest = max(versions, default=0)
        known = (
            f"; the newest is {newest}, {versions[newest].get('ModelApprovalStatus')}"
            if newest
            else ", and it has none"
        )
        raise PlatformError(
            f"no version of `{group.name}` waits for approval{known}",
            hint=f"`orchestrator status {group.env}` lists waiting versions; `deploy --pipeline` trains a new one",
        )
    if number not in versions:
        shown = _listed(sorted(versions)[-5:]) if versions else "none"
        raise PlatformError(
            f"`{group.name}` has no version {number}; the newest are {shown}",
            hint=f"waiting for approval: {_listed(waiting) or 'none'}",
        )
    return described(cloud, str(versions[number]["ModelPackageArn"]))


def _refuse_otherwise(version: Json, group: Group, verb: Verb) -> None:
    status = version["ModelApprovalStatus"]
    if status in (PENDING, STATUS[verb]):
        return
    why = f" ({version['ApprovalDescription']})" if version.get("ApprovalDescription") else ""
    number = number_of(str(version["ModelPackageArn"]))
    hint = (
        f"train a new one: `orchestrator deploy {group.env} --pipeline`"
        if verb == "approve"
        else f"to run another version: `orchestrator release {group.env} BLUEPRINT --version NUMBER`"
    )
    raise PlatformError(f"version {number} of `{group.name}` is already {str(status).lower()}{why}", hint=hint)


def _refuse_former(version: Json, group: Group) -> None:
    """Refuse to approve a version again that a later one has replaced."""
    if version.get("ModelLifeCycle", {}).get("Stage") != "Archived":
        return
    arn = str(version["ModelPackageArn"])
    raise PlatformError(
        f"version {number_of(arn)} of `{group.name}` was approved and live, and was replaced by another one",
        hint=f"to go back to it: `orchestrator release {group.env} BLUEPRINT --version {arn}`",
    )


def _write(cloud: Cloud, arn: str, verb: Verb, description: str) -> None:
    with explained(cloud, f"{verb} {arn}"):
        cloud.client("sagemaker").update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus=STATUS[verb],
            ApprovalDescription=description,
            ModelLifeCycle={"Stage": "Staging", "StageStatus": STATUS[verb]},
        )


def _wake(cloud: Cloud, group: Group, version: Json) -> str | None:
    """Wake the execution that waits for this version, and return it; `None` if none is running."""
    execution = version.get("CustomerMetadataProperties", {}).get("execution_arn")
    if not execution:
        return None
    name, until = f"{group.tokens}/{number_of(str(version['ModelPackageArn']))}", time.monotonic() + _WAKE_SECONDS
    while _status(cloud, execution) == "RUNNING":
        state = _state(cloud, execution)
        if state not in (WAITS_IN, *_BEFORE):
            return str(execution)  # it is awake
        if state == WAITS_IN and _send(cloud, name):
            return str(execution)
        if time.monotonic() > until:
            raise PlatformError(
                f"{execution} is in {state} and has left no valid token in {name}",
                hint="the decision is in the registry: repeat the command, which only wakes the execution",
            )
        _sleep(_POLL_SECONDS["aws" if cloud.endpoint is None else "local"])
    return None


def _send(cloud: Cloud, parameter: str) -> bool:
    """Send the token; return whether it existed and was valid."""
    try:
        with explained(cloud, f"read the token in {parameter}"):
            token = cloud.client("ssm").get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        with explained(cloud, f"wake the execution whose token is in {parameter}"):
            cloud.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    except PlatformError as error:
        if error_code(error.__cause__) in ("ParameterNotFound", *_SPENT):
            return False
        raise
    return True


def _promote(cloud: Cloud, group: Group, arn: str, on_event: EventSink) -> str:
    """Start the pipeline's last steps for an approved version that no execution waits for."""
    if group.machine is None:
        raise PlatformError(
            f"version {number_of(arn)} of `{group.name}` is approved, and no training here can take it live",
            hint=f"`orchestrator model import {group.env} {group.name} ARTEFACT` registers its archive as an import",
        )
    partition, region, account = arn.split(":")[1], arn.split(":")[3], arn.split(":")[4]
    machine = f"arn:{partition}:states:{region}:{account}:stateMachine:{group.machine}"
    run_id = new_run_id()
    with explained(cloud, f"start {machine}, which takes an approved version live", ReleaseFailed):
        execution = cloud.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=run_id, input=json.dumps({"run_id": run_id, "model_package_arn": arn})
        )["executionArn"]
    on_event(_event(f"no execution waits for it any more: started {execution}"))
    return str(execution)


def _gone_live(cloud: Cloud, group: Group, arn: str, execution: str, repeated: bool, on_event: EventSink) -> Decision:
    described, stays = watch(cloud, execution, on_event)
    if described["status"] != "SUCCEEDED":
        why = ": ".join(str(described[name]) for name in ("error", "cause") if described.get(name))
        raise ReleaseFailed(
            f"version {number_of(arn)} of `{group.name}` did not go live: {why or described['status']}",
            hint=f"the previous version is still live; see the steps of the execution {execution}",
        )
    started = find_object(stays, ("StartReleases",), "ExecutionArn")
    releases: tuple[ReleaseResult, ...] = ()
    if started:
        children = started_by(cloud, str(started["ExecutionArn"]))
        releases = tuple(follow(cloud, child, blueprint, on_event) for child, blueprint in children.items())
    return Decision(group.name, number_of(arn), arn, "approve", repeated, execution, releases)


def _is_live(cloud: Cloud, group: Group, arn: str) -> bool:
    version = live_version(cloud, group.live_parameter)
    return version is not None and version.get("model_package_arn") == arn


def _status(cloud: Cloud, execution: str) -> str:
    """Return the Step Functions status of an execution; empty if AWS has deleted it, or it is not one."""
    return str(_unless_gone(cloud, lambda client: client.describe_execution(executionArn=execution)).get("status", ""))


def _unless_gone(cloud: Cloud, call: Callable[[Any], Json]) -> Json:
    try:
        with explained(cloud, "describe the execution of a version"):
            return dict(call(cloud.client("stepfunctions")))
    except PlatformError as error:
        # Executions are deleted after 90 days, and principals that approve versions can write a version's metadata.
        if error_code(error.__cause__) in ("ExecutionDoesNotExist", "InvalidArn", "ValidationException"):
            return {}
        raise


def _state(cloud: Cloud, execution: str) -> str:
    """Return the state that an execution entered last."""
    with explained(cloud, f"read the history of {execution}"):
        page = cloud.client("stepfunctions").get_execution_history(
            executionArn=execution, reverseOrder=True, maxResults=50, includeExecutionData=False
        )
    details = (event.get("stateEnteredEventDetails") for event in page["events"])
    return next((str(detail["name"]) for detail in details if detail), "")


def _caller(cloud: Cloud) -> str:
    with explained(cloud, "identify the approver"):
        return str(cloud.client("sts").get_caller_identity()["Arn"])


def _from_the_wait_on(on_event: EventSink) -> EventSink:
    """Drop the events before the wait, such as those of the training."""
    awake = False

    def forward(event: Json) -> None:
        nonlocal awake
        if awake or event["type"] != "pipeline":
            on_event(event)
        awake = awake or event.get("state") == WAITS_IN

    return forward


def _time(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value or "an unknown time")


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _event(message: str) -> Json:
    return {"type": "release", "@message": message}
