"""Find a running execution with the same input, to follow it instead of starting a second one.

An execution continues after the run that watched it has died, and may take an hour; a second one would train the same
model again, and register a second version of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.aws.client import error_code, pages
from orchestrator.core.types import EventSink, Json
from orchestrator.pipeline.history import visits

_NEWEST = 30
_GOES_ON = ("RUNNING", "PENDING_REDRIVE")


def adopt(
    client: Any, machine: Mapping[str, Any], document: Json, own: Sequence[str], on_event: EventSink
) -> str | None:
    """Return the ARN of the execution to follow instead of starting one.

    Args:
        client: the client of Step Functions.
        machine: the models phase's outputs about its state machine.
        document: the input for a new execution.
        own: names of executions that an unfinished run has started. One that has succeeded meanwhile is used as well;
            one with another input is stopped.
        on_event: called for each decision about a running execution.
    """
    arn = str(machine["state_machine_arn"])
    for execution in _own(client, arn, own):
        if execution["status"] not in (*_GOES_ON, "SUCCEEDED"):
            continue
        differs = _difference(client, arn, execution, document)
        if not differs:
            _report(on_event, f"following {execution['executionArn']}, which an unfinished run has started")
            return str(execution["executionArn"])
        if execution["status"] in _GOES_ON:
            _report(on_event, f"stopping {execution['executionArn']}, which an unfinished run has started: {differs}")
            client.stop_execution(
                executionArn=execution["executionArn"], error="Superseded", cause=f"a newer deployment: {differs}"
            )
    for listed in pages(client, "list_executions", "executions", stateMachineArn=arn, statusFilter="RUNNING"):
        if listed["name"] in own:
            continue
        execution = client.describe_execution(executionArn=listed["executionArn"])
        waits = _waits(client, execution, machine.get("approval_state"))
        differs = _difference(client, arn, execution, document) or waits
        if not differs:
            _report(on_event, f"following {execution['executionArn']}, which is already running")
            return str(execution["executionArn"])
        _report(on_event, f"{execution['executionArn']} is also running and is not followed: {differs}")
    return None


def _own(client: Any, machine: str, names: Sequence[str]) -> Iterator[Json]:
    """Yield the own executions, the newest first; one may have been announced and never started."""
    from botocore.exceptions import ClientError

    for name in reversed(names):
        try:
            yield dict(
                client.describe_execution(executionArn=f"{machine.replace(':stateMachine:', ':execution:')}:{name}")
            )
        except ClientError as error:
            if error_code(error) != "ExecutionDoesNotExist":
                raise


def _difference(client: Any, machine: str, execution: Json, document: Json) -> str:
    """Return how an execution differs from a new one; empty if it does not."""
    if _without_run(json.loads(execution.get("input") or "{}")) != _without_run(document):
        return "its input differs"
    # A running execution keeps the definition that it was started with.
    before = client.describe_state_machine_for_execution(executionArn=execution["executionArn"])["definition"]
    if before != client.describe_state_machine(stateMachineArn=machine)["definition"]:
        return "the state machine has changed since"
    return ""


def _without_run(document: Any) -> Any:
    return {key: value for key, value in document.items() if key != "run_id"} if isinstance(document, dict) else None


def _waits(client: Any, execution: Json, state: str | None) -> str:
    """Return whether an execution has trained its version and waits for approval; empty if not."""
    if state is None:
        return ""
    page = client.get_execution_history(
        executionArn=execution["executionArn"], reverseOrder=True, maxResults=_NEWEST, includeExecutionData=False
    )
    stays = visits(page["events"][::-1])
    return "it waits for approval" if stays and stays[-1].state == state else ""


def _report(on_event: EventSink, message: str) -> None:
    on_event({"type": "pipeline", "@message": message})
