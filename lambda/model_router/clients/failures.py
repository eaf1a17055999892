"""What botocore's exceptions mean, as errors of ours. One table for both backends."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectionError,
    ConnectTimeoutError,
    ParamValidationError,
    ReadTimeoutError,
)
from inference_common.errors import (
    BadRequest,
    DeadlineExceeded,
    InternalError,
    ModelFailed,
    NotReady,
    ServiceError,
    Throttled,
)

BY_CODE: dict[str, type[ServiceError]] = {
    "ThrottlingException": Throttled,
    "TooManyRequestsException": Throttled,
    "ServiceQuotaExceededException": Throttled,
    "ModelNotReadyException": NotReady,
    "ServiceUnavailable": NotReady,
    "ServiceUnavailableException": NotReady,
    "InternalFailure": NotReady,
    "InternalServerException": NotReady,
    "InternalDependencyException": NotReady,
    "ResourceNotFoundException": NotReady,
    "ModelError": ModelFailed,
    "ModelErrorException": ModelFailed,
    "ModelTimeoutException": DeadlineExceeded,
    "ValidationError": BadRequest,
    "ValidationException": BadRequest,
}


def translate(error: ClientError | BotoCoreError, address: str) -> ServiceError:
    """The ServiceError to raise instead. Unknown codes are ours to look into, not the caller's."""
    if isinstance(error, ParamValidationError):
        # botocore checks types before it sends, and only values of the caller's can be of a wrong type.
        return BadRequest(f"a parameter has a wrong type: {error}"[:500])
    if isinstance(error, ReadTimeoutError):
        return DeadlineExceeded("the model did not answer in time")
    if isinstance(error, ConnectTimeoutError | ConnectionClosedError | ConnectionError):
        return NotReady("the model cannot be reached")
    if not isinstance(error, ClientError):
        return InternalError("the call to the model could not be made")
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", "")
    if code in ("ValidationError", "ValidationException") and "not found" in message:
        # SageMaker's answer for an endpoint that does not exist (yet).
        return NotReady(f"{address} does not exist or is still being made")
    kind = BY_CODE.get(code)
    if kind is None:
        return InternalError(f"the call to the model was refused ({code})")
    return kind(f"{code}: {message}"[:500])
