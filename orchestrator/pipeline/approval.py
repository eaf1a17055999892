"""A person's decision about a model version: which versions wait for one, and how it reaches the one that waits.

The registry decides. An execution that waits is only woken, with a token that it left in a parameter which approvers
alone may read, and then looks there. So a decision made elsewhere (in SageMaker's console) counts as well, and a token
in wrong hands approves nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.aws.client import error_code, explained, pages
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.pipeline.execution import live_version, new_run_id, watch
from orchestrator.pipeline.history import find_object
from orchestrator.pipeline.model import Decision, PendingVersion, Verb
from orchestrator.release.execution import follow, started_by
from orchestrator.release.model import ReleaseResult

STATUS: Mapping[Verb, str] = {"approve": "Approved", "reject": "Rejected"}
PENDING = "PendingManualApproval"
WAITS_IN = "AwaitApproval"
_BEFORE = ("RegisterModel", "PreparePending", "NotifyPending")
"""States in which the version exists already, and the wait does not."""
_SPENT = ("InvalidToken", "TaskDoesNotExist", "TaskTimedOut")
_WAKE_SECONDS = 60.0
_POLL_SECONDS = {"local": 0.2, "aws": 2.0}
_sleep = time.sleep


@dataclass(frozen=True)
class Group:
    """One model package group.

    Attributes:
        name: as people type it.
        full_name: as SageMaker knows it.
        live_parameter: that says which version is live.
        tokens: path of the parameters that hold tokens, one for each version that waits.
    """

    env: str
    name: str
    full_name: str
    live_parameter: str
    tokens: str


def pending(cloud: Cloud, groups: Sequence[Group]) -> tuple[PendingVersion, ...]:
    """The versions that nobody has decided about, the oldest first; none of a group that does not exist yet."""
    return tuple(version for group in groups for version in _pending_of(cloud, group))


def decide(
    cloud: Cloud, group: Group, number: int | None, verb: Verb, *, comment: str, on_event: EventSink
) -> Decision:
    """Approve or reject a version, and follow what comes of it to its end. Repeated, it changes nothing.

    Args:
        number: of the version; `None` where exactly one waits.
        comment: for whoever reads the registry later.
        on_event: hears of every state that an execution enters.

    Raises:
        PlatformError: there is no such version, or it has been decided otherwise.
        ReleaseFailed: it was approved, and did not go live or did not reach an endpoint.
    """
    version = _found(cloud, group, number, verb)
    arn, status = str(version["ModelPackageArn"]), str(version["ModelApprovalStatus"])
    _refuse_otherwise(version, group, verb)
    by = _caller(cloud)
    if status == PENDING:
        _write(cloud, arn, verb, f"{STATUS[verb]} by {by}" + (f": {comment}" if comment else ""))
        on_event(_said(f"version {_number(arn)} of {group.name} is {STATUS[verb].lower()} in the registry"))
    execution = _wake(cloud, group, version)
    if verb == "reject":
        if execution:
            watch(cloud, execution, _from_the_wait_on(on_event))
        return Decision(group.name, _number(arn), arn, verb, status != PENDING, execution)
    if execution is None:
        if _is_live(cloud, group, arn):
            return Decision(group.name, _number(arn), arn, verb, True, None)
        _refuse_former(version, group)
        execution = _promote(cloud, group, arn, on_event)
    else:
        on_event = _from_the_wait_on(on_event)
    return _gone_live(cloud, group, arn, execution, status != PENDING, on_event)


def approved(cloud: Cloud, group: Group, wanted: str) -> str:
    """ARN of the approved version that is meant by its number, or by that ARN itself.

    Raises:
        PlatformError: the group has no such version, or nobody has approved it.
    """
    prefix, _, number = wanted.rpartition("/")
    versions = {_number(str(each["ModelPackageArn"])): each for each in _versions(cloud, group)}
    found = versions.get(int(number), {}) if number.isdecimal() else {}
    ready = sorted(n for n, each in versions.items() if each.get("ModelApprovalStatus") == STATUS["approve"])
    hint = f"approved versions: {_listed(ready[-5:]) or 'none'}"
    if not found or (prefix and found["ModelPackageArn"] != wanted):
        raise PlatformError(f"`{group.name}` has no version `{wanted}`", hint=hint)
    if int(number) not in ready:
        status = str(found.get("ModelApprovalStatus"))
        raise PlatformError(f"version {number} of `{group.name}` is not approved (it is {status})", hint=hint)
    return str(found["ModelPackageArn"])


def _pending_of(cloud: Cloud, group: Group) -> list[PendingVersion]:
    found = []
    for summary in _versions(cloud, group, ModelApprovalStatus=PENDING):
        described = _described(cloud, str(summary["ModelPackageArn"]))
        properties = described.get("CustomerMetadataProperties", {})
        execution = properties.get("execution_arn")
        found.append(
            PendingVersion(
                group=group.name,
                number=_number(str(summary["ModelPackageArn"])),
                arn=str(summary["ModelPackageArn"]),
                since=_time(summary.get("CreationTime")),
                execution_arn=str(execution) if execution and _status(cloud, str(execution)) == "RUNNING" else None,
                metrics={name: str(properties[name]) for name in ("accuracy", "f1", "baseline") if name in properties},
                approve=f"orchestrator release approve {group.env} {group.name} "
                f"--version {_number(str(summary['ModelPackageArn']))}",
            )
        )
    return sorted(found, key=lambda version: version.number)


def _versions(cloud: Cloud, group: Group, **filters: str) -> list[Json]:
    try:
        with explained(cloud, f"list the versions of {group.full_name}"):
            client = cloud.client("sagemaker")
            return pages(
                client,
                "list_model_packages",
                "ModelPackageSummaryList",
                ModelPackageGroupName=group.full_name,
                **filters,
            )
    except PlatformError as error:
        # SageMaker has no code of its own for a group that is not there.
        if error_code(error.__cause__) in ("ValidationException", "ResourceNotFound", "ResourceNotFoundException"):
            return []
        raise


def _found(cloud: Cloud, group: Group, number: int | None, verb: Verb) -> Json:
    """The version that is meant, described."""
    versions = {_number(str(each["ModelPackageArn"])): each for each in _versions(cloud, group)}
    waiting = sorted(n for n, each in versions.items() if each.get("ModelApprovalStatus") == PENDING)
    if number is None and len(waiting) == 1:
        number = waiting[0]
    if number is None:
        if waiting:
            raise PlatformError(
                f"{len(waiting)} versions of `{group.name}` wait for approval: {_listed(waiting)}",
                hint=f"say which: `orchestrator release {verb} {group.env} {group.name} --version {waiting[-1]}`",
            )
        newest = max(versions, default=0)
        known = (
            f"; the newest is {newest}, {versions[newest].get('ModelApprovalStatus')}"
            if newest
            else ", and it has none"
        )
        raise PlatformError(
            f"no version of `{group.name}` waits for approval{known}",
            hint=f"`orchestrator status {group.env}` says what waits; `--pipeline` of `deploy` trains a new version",
        )
    if number not in versions:
        shown = _listed(sorted(versions)[-5:]) if versions else "none"
        raise PlatformError(
            f"`{group.name}` has no version {number}; the newest are {shown}",
            hint=f"waiting for approval: {_listed(waiting) or 'none'}",
        )
    return _described(cloud, str(versions[number]["ModelPackageArn"]))


def _refuse_otherwise(version: Json, group: Group, verb: Verb) -> None:
    status = version["ModelApprovalStatus"]
    if status in (PENDING, STATUS[verb]):
        return
    why = f" ({version['ApprovalDescription']})" if version.get("ApprovalDescription") else ""
    number = _number(str(version["ModelPackageArn"]))
    hint = (
        f"train a new one: `orchestrator deploy {group.env} --pipeline`"
        if verb == "approve"
        else f"to run another version: `orchestrator release {group.env} BLUEPRINT --version NUMBER`"
    )
    raise PlatformError(f"version {number} of `{group.name}` is {str(status).lower()} already{why}", hint=hint)


def _refuse_former(version: Json, group: Group) -> None:
    """Approving a version again must not bring back one that another has followed."""
    if version.get("ModelLifeCycle", {}).get("Stage") != "Archived":
        return
    arn = str(version["ModelPackageArn"])
    raise PlatformError(
        f"version {_number(arn)} of `{group.name}` was approved and live, and another one followed it",
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
    """The execution that goes on with this version, awake; `None` where none runs any more."""
    execution = version.get("CustomerMetadataProperties", {}).get("execution_arn")
    if not execution:
        return None
    name, until = f"{group.tokens}/{_number(str(version['ModelPackageArn']))}", time.monotonic() + _WAKE_SECONDS
    while _status(cloud, execution) == "RUNNING":
        state = _state(cloud, execution)
        if state not in (WAITS_IN, *_BEFORE):
            return str(execution)  # it is awake
        if state == WAITS_IN and _send(cloud, name):
            return str(execution)
        if time.monotonic() > until:
            raise PlatformError(
                f"{execution} is in {state} and has left no token in {name} that wakes it",
                hint="the decision stands in the registry: repeat the command, it only wakes the execution",
            )
        _sleep(_POLL_SECONDS["aws" if cloud.endpoint is None else "local"])
    return None


def _send(cloud: Cloud, parameter: str) -> bool:
    """Whether the token was there, and woke somebody."""
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
    partition, region, account = arn.split(":")[1], arn.split(":")[3], arn.split(":")[4]
    prefix = group.full_name.removesuffix(f"-{group.name}")
    machine = f"arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-training"
    run_id = new_run_id()
    with explained(cloud, f"start {machine}, which brings an approved version live", ReleaseFailed):
        execution = cloud.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=run_id, input=json.dumps({"run_id": run_id, "model_package_arn": arn})
        )["executionArn"]
    on_event(_said(f"no execution waits for it any more: started {execution}"))
    return str(execution)


def _gone_live(cloud: Cloud, group: Group, arn: str, execution: str, repeated: bool, on_event: EventSink) -> Decision:
    described, stays = watch(cloud, execution, on_event)
    if described["status"] != "SUCCEEDED":
        why = ": ".join(str(described[name]) for name in ("error", "cause") if described.get(name))
        raise ReleaseFailed(
            f"version {_number(arn)} of `{group.name}` did not go live: {why or described['status']}",
            hint=f"what was live before still is; the execution {execution} has every step",
        )
    started = find_object(stays, ("StartReleases",), "ExecutionArn")
    releases: tuple[ReleaseResult, ...] = ()
    if started:
        children = started_by(cloud, str(started["ExecutionArn"]))
        releases = tuple(follow(cloud, child, blueprint, on_event) for child, blueprint in children.items())
    return Decision(group.name, _number(arn), arn, "approve", repeated, execution, releases)


def _is_live(cloud: Cloud, group: Group, arn: str) -> bool:
    live = live_version(cloud, group.live_parameter)
    return live is not None and live.get("model_package_arn") == arn


def _described(cloud: Cloud, arn: str) -> Json:
    with explained(cloud, f"describe {arn}"):
        return dict(cloud.client("sagemaker").describe_model_package(ModelPackageName=arn))


def _status(cloud: Cloud, execution: str) -> str:
    """Step Functions status of an execution; empty for one that AWS has forgotten, or that is none."""
    return str(_unless_gone(cloud, lambda client: client.describe_execution(executionArn=execution)).get("status", ""))


def _unless_gone(cloud: Cloud, ask: Callable[[Any], Json]) -> Json:
    try:
        with explained(cloud, "look at the execution of a version"):
            return dict(ask(cloud.client("stepfunctions")))
    except PlatformError as error:
        # Executions are forgotten after 90 days, and whoever approves versions can write what a version says of itself.
        if error_code(error.__cause__) in ("ExecutionDoesNotExist", "InvalidArn", "ValidationException"):
            return {}
        raise


def _state(cloud: Cloud, execution: str) -> str:
    """The state that an execution entered last."""
    with explained(cloud, f"read the history of {execution}"):
        page = cloud.client("stepfunctions").get_execution_history(
            executionArn=execution, reverseOrder=True, maxResults=50, includeExecutionData=False
        )
    details = (event.get("stateEnteredEventDetails") for event in page["events"])
    return next((str(detail["name"]) for detail in details if detail), "")


def _caller(cloud: Cloud) -> str:
    with explained(cloud, "find out who approves"):
        return str(cloud.client("sts").get_caller_identity()["Arn"])


def _from_the_wait_on(on_event: EventSink) -> EventSink:
    """What an execution did before it waited, the training and all, is no news to who decides."""
    awake = False

    def hear(event: Json) -> None:
        nonlocal awake
        if awake or event["type"] != "pipeline":
            on_event(event)
        awake = awake or event.get("state") == WAITS_IN

    return hear


def _number(arn: str) -> int:
    return int(arn.rsplit("/", 1)[-1])


def _time(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value or "an unknown time")


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _said(words: str) -> Json:
    return {"type": "release", "@message": words}
