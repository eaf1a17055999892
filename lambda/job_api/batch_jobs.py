"""Submit batch jobs to the batch submitter and report their status. The call is injected.

Callers name their jobs. The stored id is derived from the name and the caller, so that two callers may use the same
name without learning of each other.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from inference_common import errors
from inference_common.errors import BadRequest, InternalError, ServiceError, UnknownRequest
from inference_common.requests import parse_object
from job_api.ids import Ids
from job_api.records import BatchRecord

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
FIELDS = {"input", "request_id", "retry"}
Call = Callable[[str, Mapping[str, Any]], Any]


def submit(record: BatchRecord, body: str | bytes, owner: str, ids: Ids, call: Call) -> dict[str, Any]:
    """Submit one job; the same id from the same caller is the same job."""
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
    question = {**_question(record, "submit", request_id, owner, ids), "input": given, "name": request_id}
    question |= {"retry": True} if retry else {}
    answer = _answered(call(record.submitter, question))
    more = {"blueprint": record.blueprint, "status_url": f"/batch/{record.blueprint}/{request_id}"}
    return {**answer, "request_id": request_id, **more}


def status(record: BatchRecord, request_id: str, owner: str, ids: Ids, call: Call) -> dict[str, Any]:
    """Return the status of one job. Unknown jobs and those of other callers are indistinguishable."""
    unknown = UnknownRequest(f"the blueprint '{record.blueprint}' has no job '{request_id[:64]}'")
    if not REQUEST_ID.fullmatch(request_id):
        raise unknown
    try:
        answer = _answered(call(record.submitter, _question(record, "status", request_id, owner, ids)))
    except UnknownRequest:
        raise unknown from None
    return {**answer, "request_id": request_id, "blueprint": record.blueprint}


def _question(record: BatchRecord, action: str, request_id: str, owner: str, ids: Ids) -> dict[str, Any]:
    kept_as = ids.job(record.blueprint, owner, request_id)
    return {"blueprint": record.blueprint, "action": action, "request_id": kept_as, "owner": owner}


def _answered(answer: Any) -> dict[str, Any]:
    """Return the submitter's response, or raise the error that it reports."""
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
