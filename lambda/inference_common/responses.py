"""API Gateway proxy responses: the one place where known errors become HTTP answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inference_common.errors import ServiceError


def respond(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **headers},
        "body": json.dumps(body),
    }


def respond_error(error: ServiceError, request_id: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """`{"request_id", "error": {"type", "message"}}` under the status of the error's class."""
    extra = {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}
    body = {"request_id": request_id, "error": {"type": error.type, "message": error.message}}
    return respond(error.status, body, {**headers, **extra})
