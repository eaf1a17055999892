"""Start releases and follow them to their end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from orchestrator.aws.client import explained, pages
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import ReleaseFailed
from orchestrator.release.model import ReleaseResult

_POLL_SECONDS = {"local": 0.5, "aws": 10.0}
_sleep = time.sleep


def run(
    cloud: Cloud, machine: str, versions: Mapping[str, str | None], on_event: EventSink
) -> tuple[ReleaseResult, ...]:
    """Release these blueprints in parallel and wait for all of them."""
    executions = {name: start(cloud, machine, name, version) for name, version in versions.items()}
    return tuple(follow(cloud, execution, name, on_event) for name, execution in executions.items())


def start(cloud: Cloud, machine: str, blueprint: str, version: str | None = None) -> str:
    """Start a release and return its execution, or a running one with the same input. Raises `ReleaseFailed`."""
    document: Json = {"blueprint": blueprint, **({"model_version": version} if version else {})}
    client = cloud.client("stepfunctions")
    with explained(cloud, f"start a release of {blueprint}", ReleaseFailed):
        running = pages(client, "list_executions", "executions", stateMachineArn=machine, statusFilter="RUNNING")
        for each in running:
            execution = client.describe_execution(executionArn=each["executionArn"])
            if json.loads(execution.get("input") or "{}") == document:
                return str(each["executionArn"])
        started = client.start_execution(stateMachineArn=machine, input=json.dumps(document))
    return str(started["executionArn"])


def follow(cloud: Cloud, execution: str, blueprint: str, on_event: EventSink) -> ReleaseResult:
    """Wait for a release's end; a failure is a result, not an exception. Raises `ReleaseFailed` if it is lost."""
    client, reported = cloud.client("stepfunctions"), 0
    while True:
        with explained(cloud, f"watch the release {execution}", ReleaseFailed):
            described = client.describe_execution(executionArn=execution)
            states = _states(client, execution)
        for state in states[reported:]:
            on_event({"type": "release", "@message": f"{blueprint}: {state}", "state": state})
        reported = max(reported, len(states))
        if described["status"] != "RUNNING":
            break
        _sleep(_POLL_SECONDS["aws" if cloud.endpoint is None else "local"])
    output: Json = json.loads(described.get("output") or "{}")
    why = ": ".join(str(described[name]) for name in ("error", "cause") if described.get(name))
    return ReleaseResult(
        blueprint=blueprint,
        execution_arn=execution,
        status=str(described["status"]),
        changed=bool(output.get("changed")),
        config_name=output.get("config_name"),
        previous_config_name=output.get("previous_config_name"),
        error=None if described["status"] == "SUCCEEDED" else why or f"the execution ended as {described['status']}",
    )


def started_by(cloud: Cloud, execution: str) -> dict[str, str]:
    """Wait for the execution that starts a release for each endpoint of a group; map the releases to blueprints."""
    client = cloud.client("stepfunctions")
    while True:
        with explained(cloud, f"watch {execution}, which starts releases", ReleaseFailed):
            described = client.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            break
        _sleep(_POLL_SECONDS["aws" if cloud.endpoint is None else "local"])
    if described["status"] != "SUCCEEDED":
        why = ": ".join(str(described[name]) for name in ("error", "cause") if described.get(name))
        raise ReleaseFailed(
            f"the version is live, but its releases could not be started: {why or described['status']}",
            hint=f"`orchestrator release ENV BLUEPRINT` starts one; see the steps of the execution {execution}",
        )
    children = {}
    with explained(cloud, f"read what {execution} started", ReleaseFailed):
        for event in pages(client, "get_execution_history", "events", executionArn=execution):
            output = (event.get("taskSucceededEventDetails") or {}).get("output") or "null"
            result = json.loads(output)
            if isinstance(result, dict) and "ExecutionArn" in result:
                child = str(result["ExecutionArn"])
                children[child] = str(json.loads(client.describe_execution(executionArn=child)["input"])["blueprint"])
    return children


def _states(client: Any, execution: str) -> list[str]:
    """List the names of the states entered so far."""
    entered: list[str] = []
    more: Json = {}
    while True:
        page = client.get_execution_history(executionArn=execution, maxResults=1000, includeExecutionData=False, **more)
        details = (event.get("stateEnteredEventDetails") for event in page["events"])
        entered += [detail["name"] for detail in details if detail]
        if not page.get("nextToken"):
            return entered
        more = {"nextToken": page["nextToken"]}
