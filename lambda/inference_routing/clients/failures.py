"""Translate botocore's exceptions into `ServiceError`s, with one table for all services."""

from __future__ import annotations

from http.client import IncompleteRead
from typing import Any

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as ConnectingError
from botocore.parsers import ResponseParserError

from inference_common.errors import (
    AnswerCutOff,
    BadRequest,
    DeadlineExceeded,
    InternalError,
    MalformedAnswer,
    ModelFailed,
    NotReady,
    PayloadTooLarge,
    ServiceError,
    Throttled,
    Unavailable,
)
from inference_common.service_answers import SERVICE_FAILURES, IncompleteAnswer

FAILURES = (*SERVICE_FAILURES, ClientError, IncompleteRead, ConnectionError)
"""The exceptions of an AWS call."""

BY_CODE: dict[str, type[ServiceError]] = {
    "ThrottlingException": Throttled,
    "Throttling": Throttled,
    "ThrottledException": Throttled,
    "TooManyRequestsException": Throttled,
    "RequestLimitExceeded": Throttled,
    "LimitExceededException": Throttled,
    "ServiceQuotaExceededException": Throttled,
    "ModelNotReadyException": NotReady,
    "ResourceNotFoundException": NotReady,
    "ServiceUnavailable": Unavailable,
    "ServiceUnavailableException": Unavailable,
    "InternalFailure": Unavailable,
    "InternalServerError": Unavailable,
    "InternalServerException": Unavailable,
    "InternalDependencyException": Unavailable,
    "ConflictException": Unavailable,
    "BadGatewayException": Unavailable,
    "DependencyFailedException": Unavailable,
    "RequestTimeout": Unavailable,
    "ModelTimeoutException": DeadlineExceeded,
    "ValidationError": BadRequest,
    "ValidationException": BadRequest,
    "RequestEntityTooLargeException": PayloadTooLarge,
    "PayloadTooLargeException": PayloadTooLarge,
}
MODEL_ERRORS = ("ModelError", "ModelErrorException", "ModelStreamErrorException")
REFUSED_BY_MODEL = {400: BadRequest, 404: BadRequest, 413: PayloadTooLarge, 415: BadRequest, 422: BadRequest}
BY_STATUS: dict[int, type[ServiceError]] = {413: PayloadTooLarge, 429: Throttled}


def translate(error: Exception, address: str) -> ServiceError:
    """Return the `ServiceError` to raise instead. Unknown codes become `InternalError`."""
    if isinstance(error, ClientError):
        return _from_client_error(error, address)
    if isinstance(error, ParamValidationError):
        # botocore validates types before sending, and only the caller's values can have a wrong one.
        return BadRequest(f"a parameter has a wrong type: {error}"[:500])
    if isinstance(error, ReadTimeoutError):
        return DeadlineExceeded("the model did not answer in time")
    if isinstance(error, ResponseStreamingError | IncompleteReadError | IncompleteRead):
        return AnswerCutOff("the connection broke in the middle of the answer")
    if isinstance(error, HTTPClientError | ConnectingError | ConnectionError):
        return Unavailable("the model cannot be reached")
    if isinstance(error, IncompleteAnswer):
        return Unavailable("a service's answer is not whole")
    if isinstance(error, ResponseParserError):
        return MalformedAnswer("the service's answer cannot be read")
    return InternalError("the call to the model could not be made")


def in_the_middle(error: Exception) -> ServiceError:
    """Translate a failure while reading the response: the model has already been charged."""
    if isinstance(error, ReadTimeoutError):
        late = DeadlineExceeded("the model did not end its answer in time")
        late.charged = True
        return late
    return AnswerCutOff("the connection broke in the middle of the answer")


def _from_client_error(error: ClientError, address: str) -> ServiceError:
    """Translate by the error code, or by the HTTP status if the code is unknown."""
    response: dict[str, Any] = error.response  # type: ignore[assignment]
    code = response["Error"].get("Code", "")
    message = response["Error"].get("Message", "")
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    if code in MODEL_ERRORS:
        return _from_model_error(response, f"{code}: {message}"[:500])
    if code in ("ValidationError", "ValidationException"):
        if "not found" in message:
            # SageMaker's error for an endpoint that does not exist (yet).
            return NotReady(f"{address} does not exist or is still being made")
        if status == 413:
            return PayloadTooLarge(f"{code}: {message}"[:500])
    kind = BY_CODE.get(code) or BY_STATUS.get(status) or (Unavailable if status >= 500 else None)
    if kind is None:
        return InternalError(f"the call to the model was refused ({code})")
    return kind(f"{code}: {message}"[:500])


def _from_model_error(response: dict[str, Any], message: str) -> ServiceError:
    """Translate a container's error: 4xx blames the request, 5xx the container."""
    original = response.get("OriginalStatusCode") or response.get("originalStatusCode") or 500
    kind: type[ServiceError] = REFUSED_BY_MODEL.get(int(original), ModelFailed)
    return kind(message)
