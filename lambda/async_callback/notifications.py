"""What the topics say, in this platform's words. Pure.

SageMaker's messages and the worker's have the same form; a subscriber of ours hears the same of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common.json_input import loads
from inference_common.json_output import readable


class BrokenNotice(Exception):
    """A message that is none of an asynchronous request's end: it goes to the dead letters."""


def read(message: str, blueprint: str) -> dict[str, Any]:
    """The end of one request, as webhooks and the table are told."""
    try:
        told = loads(message)
        completed = told["invocationStatus"] == "Completed"
        document = {
            "request_id": str(told["inferenceId"]),
            "blueprint": blueprint,
            "status": "completed" if completed else "failed",
            "event_time": str(told["eventTime"]),
        }
        if completed:
            document["output"] = str(told["responseParameters"]["outputLocation"])
        else:
            document["reason"] = str(told.get("failureReason") or "no reason was given")
            document["failure"] = _failure(told)
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenNotice(f"{type(error).__name__} {error}") from error
    return {name: readable(value) for name, value in document.items() if value}


def _failure(told: Mapping[str, Any]) -> str:
    parameters = told.get("responseParameters") or {}
    return str(
        told.get("failureLocation") or parameters.get("failureLocation") or parameters.get("outputLocation") or ""
    )
