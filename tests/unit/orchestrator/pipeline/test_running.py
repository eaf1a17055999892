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
        self.told: list[str] = []
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
        found = adopt(client, machine, INPUT, own, lambda event: self.told.append(event["@message"]))
        return found.removeprefix(EXECUTION) if found else None

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
        found = self._of(executionArn)
        given = found.get("input", {"dataset": "reviews", "run_id": "r1"})
        return {"executionArn": executionArn, "status": found["status"], "input": json.dumps(given)}

    def _definition(self, executionArn: str) -> Json:
        return {"definition": self._of(executionArn).get("definition", "now")}

    def _history(self, executionArn: str, **_: Any) -> Json:
        state = self._of(executionArn).get("state", "TrainModel")
        return {"events": [{"type": "TaskStateEntered", "timestamp": 0, "stateEnteredEventDetails": {"name": state}}]}


OTHER_INPUT = {"input": {"dataset": "others"}}
CHANGED = {"definition": "before"}
WAITS = {"state": "AwaitApproval"}


def test_where_nothing_runs_there_is_nothing_to_follow() -> None:
    world = World(old={"status": "SUCCEEDED"})
    assert (world.adopt(), world.told) == (None, [])


@pytest.mark.parametrize("own", [("r1",), ()], ids=["ours", "somebody's"])
def test_one_that_does_the_same_is_followed_whoever_started_it(own: tuple[str, ...]) -> None:
    world = World(r1={})
    assert world.adopt(*own) == "r1"
    assert "following" in world.told[0]


def test_ours_is_taken_also_when_it_has_succeeded_meanwhile_or_waits_for_a_person() -> None:
    assert World(r1={"status": "SUCCEEDED"}).adopt("r1") == "r1"
    assert World(r1=WAITS).adopt("r1") == "r1"
    assert World(r1={"status": "FAILED"}).adopt("r1") is None
    assert World().adopt("r1") is None, "it was announced, and never started"


@pytest.mark.parametrize("difference", [OTHER_INPUT, CHANGED])
def test_ours_that_does_something_else_is_stopped(difference: Json) -> None:
    world = World(r1=difference)
    assert world.adopt("r1") is None
    assert world.stopped == ["r1"]


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (OTHER_INPUT, "its input is another one"),
        (CHANGED, "the state machine has been changed since"),
        (WAITS, "it waits for approval"),
    ],
)
def test_somebody_elses_that_does_something_else_is_left_alone_and_told_of(difference: Json, words: str) -> None:
    world = World(theirs=difference)
    assert (world.adopt(), world.stopped) == (None, [])
    assert world.told == [f"{EXECUTION}theirs runs as well, and is left alone: {words}"]
