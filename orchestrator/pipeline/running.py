"""Executions that run already: one that does what is wanted is followed, and no second one started beside it.

An execution goes on when whoever watched it has died, and it may take an hour; a second one would train the same
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
    """ARN of the execution to follow in place of a new one.

    Args:
        client: of Step Functions.
        machine: what the models phase published of its state machine.
        document: the input that a new one would have.
        own: names of those that an unfinished run of ours has started. One that has succeeded meanwhile is taken as
            well; one that does not do what is wanted any more is stopped.
        on_event: is told what is done with those that run.
    """
    arn = str(machine["state_machine_arn"])
    for found in _own(client, arn, own):
        if found["status"] not in (*_GOES_ON, "SUCCEEDED"):
            continue
        differs = _difference(client, arn, found, document)
        if not differs:
            _tell(on_event, f"following {found['executionArn']}, which an unfinished run has started")
            return str(found["executionArn"])
        if found["status"] in _GOES_ON:
            _tell(on_event, f"stopping {found['executionArn']}, which an unfinished run has started: {differs}")
            client.stop_execution(
                executionArn=found["executionArn"], error="Superseded", cause=f"a newer deployment: {differs}"
            )
    for listed in pages(client, "list_executions", "executions", stateMachineArn=arn, statusFilter="RUNNING"):
        if listed["name"] in own:
            continue
        found = client.describe_execution(executionArn=listed["executionArn"])
        differs = _difference(client, arn, found, document) or _waits(client, found, machine.get("approval_state"))
        if not differs:
            _tell(on_event, f"following {found['executionArn']}, which runs already")
            return str(found["executionArn"])
        _tell(on_event, f"{found['executionArn']} runs as well, and is left alone: {differs}")
    return None


def _own(client: Any, machine: str, names: Sequence[str]) -> Iterator[Json]:
    """The newest first; an execution may have been announced and never started."""
    from botocore.exceptions import ClientError

    for name in reversed(names):
        try:
            yield dict(
                client.describe_execution(executionArn=f"{machine.replace(':stateMachine:', ':execution:')}:{name}")
            )
        except ClientError as error:
            if error_code(error) != "ExecutionDoesNotExist":
                raise


def _difference(client: Any, machine: str, found: Json, document: Json) -> str:
    """Why an execution does not do what a new one would; empty if it does."""
    if _without_run(json.loads(found.get("input") or "{}")) != _without_run(document):
        return "its input is another one"
    # A running execution keeps the definition that it was started with.
    before = client.describe_state_machine_for_execution(executionArn=found["executionArn"])["definition"]
    if before != client.describe_state_machine(stateMachineArn=machine)["definition"]:
        return "the state machine has been changed since"
    return ""


def _without_run(document: Any) -> Any:
    return {key: value for key, value in document.items() if key != "run_id"} if isinstance(document, dict) else None


def _waits(client: Any, found: Json, state: str | None) -> str:
    """A person is to decide about what it made: whoever wants a training wants another one."""
    if state is None:
        return ""
    page = client.get_execution_history(
        executionArn=found["executionArn"], reverseOrder=True, maxResults=_NEWEST, includeExecutionData=False
    )
    stays = visits(page["events"][::-1])
    return "it waits for approval" if stays and stays[-1].state == state else ""


def _tell(on_event: EventSink, message: str) -> None:
    on_event({"type": "pipeline", "@message": message})
