"""A training that runs already is followed; a second one would train the same model again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.core.types import Json
from orchestrator.pipeline.running import adopt
from tests.fakes.aws import FakeCloud, paged

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-local-training"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:mlops-local-training:"
INPUT = {"dataset": "reviews", "run_id": "r9"}


class World:
    """Executions by name; each is `{status, input, definition, state}`."""

    def __init__(self, **executions: Json) -> None:
        self.executions = {name: {"status": "RUNNING", **given} for name, given in executions.items()}
        self.messages: list[str] = []
        self.cloud = FakeCloud(
            services={
                "stepfunctions": {
                    "get_paginator": paged(list_executions=self._list),
                    "describe_execution": self._describe,
                    "describe_state_machine": {"definition": "now"},
                    "describe_state_machine_for_execution": self._definition,
                    "get_execution_history": self._history,
                    "stop_execution": {},
                }
            }
        )

    def adopt(self, *own: str) -> str | None:
        machine = {"state_machine_arn": ARN, "approval_state": "AwaitApproval"}
        client = self.cloud.client("stepfunctions")
        arn = adopt(client, machine, INPUT, own, lambda event: self.messages.append(event["@message"]))
        return arn.removeprefix(EXECUTION) if arn else None

    @property
    def stopped(self) -> list[str]:
        return [
            each["executionArn"].removeprefix(EXECUTION) for each in self.cloud.called("stepfunctions.stop_execution")
        ]

    def _list(self, statusFilter: str, **_: Any) -> Json:
        running = [name for name, each in self.executions.items() if each["status"] == statusFilter]
        return {"executions": [{"name": name, "executionArn": EXECUTION + name} for name in running]}

    def _of(self, arn: str) -> Json:
        name = arn.removeprefix(EXECUTION)
        if name not in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "no"}}, "DescribeExecution")
        return self.executions[name]

    def _describe(self, executionArn: str) -> Json:
        execution = self._of(executionArn)
        given = execution.get("input", {"dataset": "reviews", "run_id": "r1"})
        return {"executionArn": executionArn, "status": execution["status"], "input": json.dumps(given)}

    def _definition(self, executionArn: str) -> Json:
        return {"definition": self._of(executionArn).get("definition", "now")}

    def _history(self, executionArn: str, **_: Any) -> Json:
        state = self._of(executionArn).get("state", "TrainModel")
        return {"events": [{"type": "TaskStateEntered", "timestamp": 0, "stateEnteredEventDetails": {"name": state}}]}


OTHER_INPUT = {"input": {"dataset": "others"}}
CHANGED = {"definition": "before"}
WAITS = {"state": "AwaitApproval"}


def test_without_an_execution_none_is_followed() -> None:
    world = World(old={"status": "SUCCEEDED"})
    assert (world.adopt(), world.messages) == (None, [])


@pytest.mark.parametrize("own", [("r1",), ()], ids=["ours", "another's"])
def test_an_execution_with_the_same_input_is_followed(own: tuple[str, ...]) -> None:
    world = World(r1={})
    assert world.adopt(*own) == "r1"
    assert "following" in world.messages[0]


def test_an_own_execution_that_succeeded_or_waits_is_used() -> None:
    assert World(r1={"status": "SUCCEEDED"}).adopt("r1") == "r1"
    assert World(r1=WAITS).adopt("r1") == "r1"
    assert World(r1={"status": "FAILED"}).adopt("r1") is None
    assert World().adopt("r1") is None, "it was announced, and never started"


@pytest.mark.parametrize("difference", [OTHER_INPUT, CHANGED])
def test_an_own_execution_with_another_input_is_stopped(difference: Json) -> None:
    world = World(r1=difference)
    assert world.adopt("r1") is None
    assert world.stopped == ["r1"]


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (OTHER_INPUT, "its input differs"),
        (CHANGED, "the state machine has changed since"),
        (WAITS, "it waits for approval"),
    ],
)
def test_a_foreign_execution_with_another_input_is_reported_and_not_followed(difference: Json, words: str) -> None:
    world = World(theirs=difference)
    assert (world.adopt(), world.stopped) == (None, [])
    assert world.messages == [f"{EXECUTION}theirs is also running and is not followed: {words}"]
