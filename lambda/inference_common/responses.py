"""Build API Gateway proxy responses, also from errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common.errors import PayloadTooLarge, ServiceError
from inference_common.json_output import dumps

MAX_RESPONSE_BYTES = 6 * 1024 * 1024
"""Maximum synchronous response of a function (Lambda's quota; API Gateway would allow 10 MB)."""


def respond(status: int, body: Mapping[str, Any] | str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Build a response from a JSON body, or from text with its type in the headers."""
    text = body if isinstance(body, str) else dumps(body)
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **headers},
        "body": text,
    }


def check_size(response: Mapping[str, Any]) -> None:
    """Raise `PayloadTooLarge` for a response that Lambda would drop with an unspecific error."""
    # Lambda encodes the whole response as JSON again, so quotes and line ends count twice.
    size = len(response["body"]) if len(response["body"]) < MAX_RESPONSE_BYTES // 6 else len(dumps(response))
    if size > MAX_RESPONSE_BYTES:
        raise PayloadTooLarge(f"the answer has {size} bytes, of {MAX_RESPONSE_BYTES} that a response may have")


def retry_after(error: ServiceError) -> dict[str, str]:
    return {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}


def respond_error(error: ServiceError, request_id: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Build `{"request_id", "error": {"type", "message"}}` with the status of the error's class."""
    body = {"request_id": request_id, "error": {"type": error.type, "message": error.message}}
    return respond(error.status, body, {**headers, **retry_after(error)})
