"""Convert SNS notifications into callback documents. Pure.

SageMaker and the async worker publish the same message format, so subscribers get the same document from both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common.json_input import loads
from inference_common.json_output import readable


class MalformedNotification(Exception):
    """The message is not the notification of a finished request; it goes to the dead-letter queue."""


def read(message: str, blueprint: str) -> dict[str, Any]:
    """Return the document that webhook and table receive for one finished request."""
    try:
        notification = loads(message)
        completed = notification["invocationStatus"] == "Completed"
        document = {
            "request_id": str(notification["inferenceId"]),
            "blueprint": blueprint,
            "status": "completed" if completed else "failed",
            "event_time": str(notification["eventTime"]),
        }
        if completed:
            document["output"] = str(notification["responseParameters"]["outputLocation"])
        else:
            document["reason"] = str(notification.get("failureReason") or "no reason was given")
            document["failure"] = _failure(notification)
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedNotification(f"{type(error).__name__} {error}") from error
    return {name: readable(value) for name, value in document.items() if value}


def _failure(notification: Mapping[str, Any]) -> str:
    parameters = notification.get("responseParameters") or {}
    return str(
        notification.get("failureLocation")
        or parameters.get("failureLocation")
        or parameters.get("outputLocation")
        or ""
    )
