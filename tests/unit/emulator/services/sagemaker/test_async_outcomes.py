"""Objects and notifications of asynchronous requests."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from emulator.services.sagemaker import async_outcomes
from emulator.services.sagemaker.async_outcomes import INCLUDED_BYTES, Outcome, message, stamp, with_retries
from emulator.services.sagemaker.async_queue import Destination, Queued
from emulator.services.sagemaker.model_server import Answer

REQUEST = Queued(
    endpoint="e",
    inference_id="i-1",
    input_location="s3://b/in",
    body=None,
    output_location="s3://b/o.out",
    failure_location="s3://b/f-error.out",
    content_type="text/csv",
    accept=None,
    destination=Destination("arn:role", "eu-west-1", include_in=("SUCCESS_NOTIFICATION_TOPIC",)),
    ttl_seconds=60,
    timeout_seconds=10,
    received=1_700_000_000.25,
    evidence_id="ev",
)


def test_a_success_in_the_shape_of_sagemakers_notification() -> None:
    outcome = replace(Outcome.of(Answer(200, b"yes", "text/csv", "v", "ev")), location=REQUEST.output_location)
    notification = message(REQUEST, outcome)
    assert notification.pop("eventTime").endswith("Z")
    assert notification == {
        "awsRegion": "eu-west-1",
        "receivedTime": "2023-11-14T22:13:20.250Z",
        "invocationStatus": "Completed",
        "requestParameters": {"contentType": "text/csv", "endpointName": "e", "inputLocation": "s3://b/in"},
        "responseParameters": {"contentType": "text/csv", "outputLocation": "s3://b/o.out"},
        "inferenceId": "i-1",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
        "responseBody": {"content": base64.b64encode(b"yes").decode(), "encoding": "BASE64"},
    }


def test_a_response_that_is_too_large_is_not_included() -> None:
    answer = Answer(200, b"x" * (INCLUDED_BYTES + 1), "text/csv", "v", "ev")
    assert "responseBody" not in message(REQUEST, Outcome.of(answer))


@pytest.mark.parametrize(("status", "kind"), [(400, "client"), (499, "client"), (500, "server"), (503, "server")])
def test_a_failure_contains_the_container_s_error(status: int, kind: str) -> None:
    outcome = Outcome.of(Answer(status, b"no", "text/plain", "v", "ev"))
    notification = message(REQUEST, outcome)
    assert (notification["invocationStatus"], outcome.body) == ("Failed", b"no")
    assert notification["failureReason"].startswith(f"ClientError: Received {kind} error ({status}) from model.")
    assert "responseParameters" not in notification
    assert "responseBody" not in notification


def test_times_have_milliseconds() -> None:
    assert stamp(0.5) == "1970-01-01T00:00:00.500Z"


def _error(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Put")


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (_error("SlowDown", 503), 3),
        (_error("ThrottlingException", 400), 3),
        (_error("InternalFailure", 500), 3),
        (_error("AccessDenied", 403), 1),
        (_error("NoSuchKey", 404), 1),
    ],
)
def test_only_transient_errors_are_retried(monkeypatch: pytest.MonkeyPatch, error: ClientError, calls: int) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    made: list[int] = []

    def call() -> str:
        made.append(1)
        if len(made) < 3:
            raise error
        return "done"

    if calls == 1:
        with pytest.raises(ClientError):
            with_retries(call)
    else:
        assert with_retries(call) == "done"
    assert len(made) == calls


def test_retries_end(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    def call() -> Any:
        raise EndpointConnectionError(endpoint_url="x")

    with pytest.raises(EndpointConnectionError):
        with_retries(call)
    assert waited == sorted(waited)
    assert len(waited) == async_outcomes.ATTEMPTS - 1
