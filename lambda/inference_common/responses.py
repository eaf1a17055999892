"""API Gateway proxy responses: the one place where known errors become HTTP answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common.errors import PayloadTooLarge, ServiceError
from inference_common.json_output import dumps

MAX_RESPONSE_BYTES = 6 * 1024 * 1024
"""What a function may return to a caller that waits (Lambda's quota; API Gateway itself would carry 10 MB)."""


def respond(status: int, body: Mapping[str, Any] | str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A response whose body is JSON, or a text whose type is in the headers."""
    text = body if isinstance(body, str) else dumps(body)
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **headers},
        "body": text,
    }


def check_size(response: Mapping[str, Any]) -> None:
    """Lambda would drop a larger response, and the caller would hear of a malfunction."""
    # The whole response is JSON once more on its way, so quotes and line ends count twice.
    size = len(response["body"]) if len(response["body"]) < MAX_RESPONSE_BYTES // 6 else len(dumps(response))
    if size > MAX_RESPONSE_BYTES:
        raise PayloadTooLarge(f"the answer has {size} bytes, of {MAX_RESPONSE_BYTES} that a response may have")


def retry_after(error: ServiceError) -> dict[str, str]:
    return {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}


def respond_error(error: ServiceError, request_id: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """`{"request_id", "error": {"type", "message"}}` under the status of the error's class."""
    body = {"request_id": request_id, "error": {"type": error.type, "message": error.message}}
    return respond(error.status, body, {**headers, **retry_after(error)})
