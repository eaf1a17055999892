"""Batch jobs: the blueprint's own function knows them, and here its words become answers. Pure but for the call."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from inference_common import errors
from inference_common.errors import BadRequest, InternalError, ServiceError, UnknownRequest
from inference_common.requests import parse_object
from records import BatchRecord

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
FIELDS = {"input", "request_id", "retry"}
Call = Callable[[str, Mapping[str, Any]], Any]


def submit(record: BatchRecord, body: str, caller: str | None, call: Call) -> dict[str, Any]:
    """Hand one job to the submitter: the same id again is the same job."""
    document = parse_object(body)
    unknown = sorted(set(document) - FIELDS)
    if unknown:
        raise BadRequest(f"unknown field '{unknown[0]}'; a job has {', '.join(sorted(FIELDS))}", unknown[0])
    given = document.get("input")
    if not isinstance(given, str) or not 1 <= len(given) <= 1024:
        raise BadRequest("'input' must be the key or the S3 address of an object below inference/batch/input/", "input")
    request_id = document.get("request_id", str(uuid.uuid4()))
    if not isinstance(request_id, str) or not REQUEST_ID.fullmatch(request_id):
        raise BadRequest("'request_id' must be 1 to 63 letters, digits and hyphens", "request_id")
    retry = document.get("retry", False)
    if not isinstance(retry, bool):
        raise BadRequest("'retry' must be true or false: true asks again for the records that have no answer", "retry")
    question: dict[str, Any] = {
        "action": "submit",
        "request_id": request_id,
        "input": given,
        "caller": caller or "",
    }
    question |= {"retry": True} if retry else {}
    answer = _answered(call(record.submitter, {"blueprint": record.blueprint, **question}))
    return {**answer, "blueprint": record.blueprint, "status_url": f"/batch/{record.blueprint}/{answer['request_id']}"}


def status(record: BatchRecord, request_id: str, call: Call) -> dict[str, Any]:
    """What the submitter knows of one job."""
    if not REQUEST_ID.fullmatch(request_id):
        raise UnknownRequest(f"the blueprint '{record.blueprint}' has no job '{request_id[:64]}'")
    question = {"blueprint": record.blueprint, "action": "status", "request_id": request_id}
    answer = _answered(call(record.submitter, question))
    return {**answer, "blueprint": record.blueprint}


def _answered(answer: Any) -> dict[str, Any]:
    """The submitter's answer, or the error that it names."""
    if not isinstance(answer, dict):
        raise InternalError("the submitter did not answer with an object")
    error = answer.get("error")
    if error is None:
        if not isinstance(answer.get("request_id"), str):
            raise InternalError("the submitter's answer has no request_id")
        return answer
    code, message = str(error.get("code")), str(error.get("message"))
    known = getattr(errors, code, None)
    if not (isinstance(known, type) and issubclass(known, ServiceError)):
        raise InternalError(f"the submitter refused with {code[:64]}")
    raise known(message)
