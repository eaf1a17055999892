"""Translate botocore's exceptions."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_common.service_answers import IncompleteAnswer
from inference_routing import routes
from inference_routing.clients import failures, sagemaker
from inference_routing.deadline import Deadline
from tests.unit.lambda_.support.clients import stub


def client_error(code: str, message: str = "why", status: int = 400, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, "Operation")


@pytest.mark.parametrize(
    ("error", "expected", "kind"),
    [
        (client_error("ThrottlingException"), errors.Throttled, "throttled"),
        (client_error("ServiceQuotaExceededException"), errors.Throttled, "throttled"),
        (client_error("SomethingNew", status=429), errors.Throttled, "throttled"),
        (client_error("ModelNotReadyException", status=429), errors.NotReady, "not-ready"),
        (client_error("ValidationError", "Endpoint ep of account 1 not found."), errors.NotReady, "not-ready"),
        (client_error("ServiceUnavailable"), errors.Unavailable, "transient"),
        (client_error("InternalDependencyException", status=530), errors.Unavailable, "transient"),
        (client_error("SomethingNew", status=502), errors.Unavailable, "transient"),
        (client_error("ModelError", OriginalStatusCode=500), errors.ModelFailed, "transient"),
        (client_error("ModelErrorException", originalStatusCode=503), errors.ModelFailed, "transient"),
        (client_error("ModelError"), errors.ModelFailed, "transient"),
        (client_error("ModelError", OriginalStatusCode=400), errors.BadRequest, "permanent"),
        (client_error("ModelError", OriginalStatusCode=413), errors.PayloadTooLarge, "permanent"),
        (client_error("ModelTimeoutException"), errors.DeadlineExceeded, "transient"),
        (client_error("ValidationException"), errors.BadRequest, "permanent"),
        (client_error("ValidationException", status=413), errors.PayloadTooLarge, "permanent"),
        (client_error("413", status=413), errors.PayloadTooLarge, "permanent"),
        (client_error("AccessDeniedException", status=403), errors.InternalError, "permanent"),
        (ReadTimeoutError(endpoint_url="u"), errors.DeadlineExceeded, "transient"),
        (ConnectTimeoutError(endpoint_url="u"), errors.Unavailable, "transient"),
        (ConnectionClosedError(endpoint_url="u"), errors.Unavailable, "transient"),
        (EndpointConnectionError(endpoint_url="u"), errors.Unavailable, "transient"),
        (ResponseStreamingError(error="reset"), errors.AnswerCutOff, "transient"),
        (ResponseParserError("no JSON"), errors.MalformedAnswer, "permanent"),
        (IncompleteAnswer(service="s", operation="O", member="M"), errors.Unavailable, "transient"),
        (ParamValidationError(report="r"), errors.BadRequest, "permanent"),
        (NoCredentialsError(), errors.InternalError, "permanent"),
    ],
)
def test_each_failure_is_translated(error: Any, expected: type[errors.ServiceError], kind: str) -> None:
    translated = failures.translate(error, "endpoint ep")
    assert (type(translated), translated.kind) == (expected, kind)


class Broken(io.RawIOBase):
    """A body that breaks in the middle."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        raise self._error


@pytest.fixture
def deadline() -> Any:
    return Deadline.after(20, time.monotonic)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ResponseStreamingError(error="reset"), errors.AnswerCutOff),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.AnswerCutOff),
        (ReadTimeoutError(endpoint_url="u"), errors.DeadlineExceeded),
    ],
)
def test_a_failure_after_the_first_byte_is_charged(
    deadline: Any, error: Exception, expected: type[errors.ServiceError]
) -> None:
    stubber = stub("sagemaker-runtime")
    stubber.add_response("invoke_endpoint", {"Body": Broken(error)})
    target = routes.Target("primary", "ep")
    with pytest.raises(expected) as raised:
        sagemaker.SageMakerBackend().invoke(target, InferenceRequest(("fine",)), deadline, {})
    assert raised.value.charged
