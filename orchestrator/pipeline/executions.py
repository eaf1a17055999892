"""List, show and stop the executions of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.aws.client import error_code, explained, pages
from orchestrator.aws.model import Cloud
from orchestrator.errors import PipelineFailed, PlatformError
from orchestrator.pipeline.execution import Evidence, read, stop_all
from orchestrator.pipeline.model import PipelineResult

__all__ = ["Execution", "describe", "executions", "stop"]


@dataclass(frozen=True)
class Execution:
    """An execution, by the name under which it was started."""

    name: str
    status: str
    started: datetime
    stopped: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took; `None` while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None


def executions(cloud: Cloud, machine: Mapping[str, Any], most: int) -> list[Execution]:
    """List the executions of a state machine, the newest first."""
    client, arn = cloud.client("stepfunctions"), str(machine["state_machine_arn"])
    with explained(cloud, f"list the executions of {arn}", PipelineFailed):
        listed = pages(client, "list_executions", "executions", stateMachineArn=arn)
    return [Execution(each["name"], each["status"], each["startDate"], each.get("stopDate")) for each in listed[:most]]


def describe(
    cloud: Cloud, machine: Mapping[str, Any], name: str | None, emulator_evidence: Evidence | None
) -> PipelineResult:
    """Return the steps and the outcome of one execution; of the newest without a name.

    Raises:
        PlatformError: there is no such execution.
    """
    if name is None:
        newest = executions(cloud, machine, 1)
        if not newest:
            raise PlatformError("this training has not run yet", hint="`orchestrator pipeline run ENV NAME` starts it")
        name = newest[0].name
    arn = f"{str(machine['state_machine_arn']).replace(':stateMachine:', ':execution:')}:{name}"
    try:
        with explained(cloud, f"read the execution {arn}", PipelineFailed):
            return read(cloud, arn, machine["steps"], emulator_evidence)
    except PlatformError as error:
        if error_code(error.__cause__) != "ExecutionDoesNotExist":
            raise
        known = ", ".join(each.name for each in executions(cloud, machine, 5)) or "none"
        raise PlatformError(f"there is no execution `{name}`; the newest: {known}") from error


def stop(cloud: Cloud, machine: Mapping[str, Any]) -> int:
    """Stop the running executions and return their number. Versions that they registered stay."""
    return stop_all(cloud, str(machine["state_machine_arn"]), cause="stopped from the command line")
