"""A release from its start to its end, and which endpoints need one; over a scripted AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator import release
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError, ReleaseFailed
from orchestrator.release import execution
from orchestrator.release.model import EndpointState
from tests.fakes.aws import FakeCloud, paged

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-local-release"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-local-reviews/{}"
OUTPUT = {"changed": True, "config_name": "mlops-local-reviews-00000000-v2"}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


def machine(*answers: Json) -> FakeCloud:
    """Describes the execution with these answers, one after the other; a state is entered each time."""
    left, states = list(answers), ["TakeLock", "UpdateEndpoint", "Released"]

    def history(**asked: Any) -> Json:
        entered = states[: len(answers) - len(left)]
        return {"events": [{"stateEnteredEventDetails": {"name": name}} for name in entered] + [{"type": "x"}]}

    return FakeCloud(
        services={
            "stepfunctions": {
                "start_execution": {"executionArn": "arn:execution"},
                "describe_execution": lambda executionArn: left.pop(0),
                "get_execution_history": history,
                "get_paginator": paged(list_executions={"executions": []}),
            }
        }
    )


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr(execution, "_sleep", taken.append)
    return taken


def test_a_release_is_followed_to_its_end(pauses: list[float]) -> None:
    cloud = machine({"status": "RUNNING"}, {"status": "SUCCEEDED", "output": json.dumps(OUTPUT)})
    events: list[Json] = []
    [result] = release.run(cloud, MACHINE, {"reviews": ARN.format(2)}, events.append)
    assert (result.status, result.changed, result.config_name, result.error) == (
        "SUCCEEDED",
        True,
        OUTPUT["config_name"],
        None,
    )
    [started] = cloud.called("stepfunctions.start_execution")
    assert json.loads(started["input"]) == {"blueprint": "reviews", "model_version": ARN.format(2)}
    assert [event["state"] for event in events] == ["TakeLock", "UpdateEndpoint"]
    assert pauses == [0.5]


def test_a_failure_is_a_result_with_its_reason() -> None:
    cloud = machine({"status": "FAILED", "error": "ProbeFailed", "cause": "it lies"})
    [result] = release.run(cloud, MACHINE, {"reviews": None}, lambda event: None)
    assert (result.changed, result.error) == (False, "ProbeFailed: it lies")
    assert json.loads(cloud.called("stepfunctions.start_execution")[0]["input"]) == {"blueprint": "reviews"}


def test_an_end_without_a_reason_has_its_status() -> None:
    [result] = release.run(machine({"status": "ABORTED"}), MACHINE, {"reviews": None}, lambda event: None)
    assert result.error == "the execution ended as ABORTED"


def test_a_running_release_is_followed_instead_of_a_second_one() -> None:
    cloud = machine({"status": "SUCCEEDED", "output": json.dumps(OUTPUT)})
    services = cloud.services["stepfunctions"]
    inputs = {"arn:other": {"blueprint": "chat"}, "arn:older": {"blueprint": "reviews", "model_version": "1"}}
    inputs["arn:same"] = {"blueprint": "reviews"}
    services["get_paginator"] = paged(list_executions={"executions": [{"executionArn": arn} for arn in inputs]})
    ended = services["describe_execution"]
    answers = {arn: {"input": json.dumps(given)} for arn, given in inputs.items()}
    services["describe_execution"] = lambda executionArn: answers.pop(executionArn, None) or ended(executionArn)
    [result] = release.run(cloud, MACHINE, {"reviews": None}, lambda event: None)
    assert (result.execution_arn, result.status) == ("arn:same", "SUCCEEDED")
    assert cloud.called("stepfunctions.start_execution") == []


def test_a_release_that_cannot_be_started_is_an_error() -> None:
    answers = {
        "start_execution": refused("StateMachineDoesNotExist"),
        "get_paginator": paged(list_executions={"executions": []}),
    }
    cloud = FakeCloud(services={"stepfunctions": answers})
    with pytest.raises(ReleaseFailed, match="cannot start a release of reviews"):
        release.run(cloud, MACHINE, {"reviews": None}, lambda event: None)


def endpoint(running: str, **values: Any) -> FakeCloud:
    stored = {
        "/p/specs/reviews": {"endpoint_name": "e", "hash": "0a1b2c3d", "live_parameter_name": "/live"},
        "/live": {"model_package_arn": ARN.format(2)},
        **values,
    }

    def answer(Name: str) -> Json:
        if Name not in stored:
            raise refused("ParameterNotFound")
        value = stored[Name]
        return {"Parameter": {"Value": value if isinstance(value, str) else json.dumps(value)}}

    described = {"EndpointStatus": "InService", "EndpointConfigName": running}
    return FakeCloud(services={"ssm": {"get_parameter": answer}, "sagemaker": {"describe_endpoint": described}})


SPECS = {"reviews": "/p/specs/reviews"}


def test_an_up_to_date_endpoint_needs_no_release() -> None:
    states = release.endpoints(endpoint("e-0a1b2c3d-v2"), SPECS)
    assert states == {"reviews": EndpointState("e-0a1b2c3d-v2", True, ARN.format(2), False)}


@pytest.mark.parametrize("running", ["e-0a1b2c3d-v1", "e-ffffffff-v2"], ids=["older-version", "other-size"])
def test_another_version_or_size_is_due(running: str) -> None:
    words = f"the endpoint e runs {running}, but specification and version require e-0a1b2c3d-v2"
    states = release.endpoints(endpoint(running), SPECS)
    assert states == {"reviews": EndpointState(running, True, ARN.format(2), False, words)}


def test_a_pinned_version_is_released_again() -> None:
    record = {"status": "released", "asked": True, "model_package_arn": ARN.format(1)}
    states = release.endpoints(endpoint("e-0a1b2c3d-v1", **{"/p/records/reviews": record}), SPECS)
    assert states["reviews"] == EndpointState("e-0a1b2c3d-v1", True, ARN.format(1), True, "", "released")
    states = release.endpoints(endpoint("e-ffffffff-v1", **{"/p/records/reviews": record}), SPECS)
    assert (states["reviews"].version, states["reviews"].pinned) == (ARN.format(1), True)
    assert states["reviews"].difference


def test_a_damaged_parameter_is_named() -> None:
    with pytest.raises(PlatformError, match=r"the parameter /p/specs/reviews must hold a JSON object, got `\[1\]`"):
        release.endpoints(endpoint("e", **{"/p/specs/reviews": "[1]"}), SPECS)


def batch_jobs(record: Json | None = None) -> FakeCloud:
    """Jobs whose first model is that of version 1; version 2 is live."""
    spec = {"jobs_name": "j", "hash": "0a1b2c3d", "live_parameter_name": "/live", "launch_config_name": "j-0a1b2c3d-v1"}
    stored = {"/p/specs/nightly": spec, "/live": {"model_package_arn": ARN.format(2)}}
    if record is not None:
        stored["/p/records/nightly"] = record

    def answer(Name: str) -> Json:
        if Name not in stored:
            raise refused("ParameterNotFound")
        return {"Parameter": {"Value": json.dumps(stored[Name])}}

    def model(ModelName: str) -> Json:
        return {"ModelName": ModelName}

    return FakeCloud(services={"ssm": {"get_parameter": answer}, "sagemaker": {"describe_model": model}})


def test_jobs_use_their_first_model_until_a_release_records_another() -> None:
    specs = {"nightly": "/p/specs/nightly"}
    words = "jobs of j use j-0a1b2c3d-v1, but specification and version require j-0a1b2c3d-v2"
    first = release.endpoints(batch_jobs(), specs)["nightly"]
    assert first == EndpointState("j-0a1b2c3d-v1", True, ARN.format(2), False, words, jobs=True)
    record = {"status": "released", "config_name": "j-0a1b2c3d-v2", "model_package_arn": ARN.format(2)}
    cloud = batch_jobs(record)
    after = release.endpoints(cloud, specs)["nightly"]
    assert after == EndpointState("j-0a1b2c3d-v2", True, ARN.format(2), False, last="released", jobs=True)
    assert cloud.called("sagemaker.describe_model") == [{"ModelName": "j-0a1b2c3d-v2"}]
