"""Executions of a training: listed, shown, stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.errors import PlatformError
from orchestrator.pipeline import executions
from tests.fakes.aws import FakeCloud, paged
from tests.unit.orchestrator.pipeline.test_execution import ARN, OUTPUTS, PACKAGE, START, cloud_with, good_run

MACHINE = OUTPUTS["stepfunctions"]
LISTED = [
    {"name": "r3", "executionArn": ARN, "status": "RUNNING", "startDate": START},
    {
        "name": "r2",
        "executionArn": ARN,
        "status": "FAILED",
        "startDate": START,
        "stopDate": START + timedelta(seconds=9),
    },
]


def listing(cloud: FakeCloud, **more: Any) -> FakeCloud:
    cloud.services["stepfunctions"] |= {"get_paginator": paged(list_executions={"executions": LISTED}), **more}
    return cloud


def test_executions_are_listed_with_their_duration() -> None:
    listed = executions.executions(listing(cloud_with(good_run())), MACHINE, 5)
    assert [(each.name, each.status, each.seconds) for each in listed] == [("r3", "RUNNING", None), ("r2", "FAILED", 9)]
    assert len(executions.executions(listing(cloud_with(good_run())), MACHINE, 1)) == 1


def test_the_newest_execution_is_shown_by_default() -> None:
    result = executions.describe(listing(cloud_with(good_run())), MACHINE, None, lambda **_: [])
    assert (result.status, result.model_package_arn, result.error) == ("SUCCEEDED", PACKAGE, None)
    assert {step.status for step in result.steps} == {"ok"}


def test_a_running_execution_has_no_failed_step() -> None:
    script = good_run()
    del script.events[20:]
    result = executions.describe(listing(cloud_with(script, "RUNNING")), MACHINE, "r3", lambda **_: [])
    assert {step.status for step in result.steps} == {"ok", "not-run"}
    assert result.error is None


def test_an_unknown_execution_is_refused_with_the_known_ones() -> None:
    def missing(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "gone"}}, "DescribeExecution")

    cloud = listing(cloud_with(good_run()), describe_execution=missing)
    with pytest.raises(PlatformError, match="there is no execution `r9`; the newest: r3, r2"):
        executions.describe(cloud, MACHINE, "r9", None)


def test_running_executions_are_stopped() -> None:
    stopped: list[str] = []
    cloud = listing(cloud_with(good_run()), stop_execution=lambda **given: stopped.append(given["cause"]))
    assert executions.stop(cloud, MACHINE) == len(LISTED), "AWS filters by status; the fake lists all"
    assert stopped == ["stopped from the command line"] * len(LISTED)
