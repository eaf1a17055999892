"""Handle `/async/{blueprint}` and `/batch/{blueprint}` requests of API Gateway.

Unlike the router, this function writes inputs and reads results but calls no model. Access to blueprints is checked
before anything is looked up. A request belongs to its caller: for other callers, even with access to the same
blueprint, it does not exist.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from inference_common.errors import InternalError, ServiceError, UnknownBlueprint
from inference_common.logs import bind, described, get_logger
from inference_common.requests import body_of
from inference_common.responses import check_size, respond, respond_error
from inference_routing.callers import Access, access_of, resource_of
from inference_routing.clients.parameters import ParameterStore
from inference_routing.limits import check_body
from job_api import batch_jobs
from job_api.async_jobs import Caller, Jobs
from job_api.backends import Bucket, Endpoints, Functions, Queues, Secret
from job_api.ids import Ids
from job_api.owners import owner_of
from job_api.records import RecordTable
from job_api.settings import Settings

SETTINGS = Settings.read(os.environ)
RECORDS = RecordTable(ParameterStore(SETTINGS.routes_prefix), SETTINGS.route_cache_seconds, time.monotonic)
JOBS = Jobs(
    store=Bucket(SETTINGS.bucket, SETTINGS.key_arn),
    endpoints=Endpoints(),
    queues=Queues(),
    now=lambda: datetime.now(UTC),
    url_seconds=SETTINGS.url_seconds,
    inline_bytes=SETTINGS.inline_bytes,
)
FUNCTIONS = Functions()
IDS = Ids(Secret(SETTINGS.secret_parameter))
LOG = get_logger("job_api")

Event = dict[str, Any]
Response = dict[str, Any]


def handler(event: Event, context: Any) -> Response:
    """Handle a proxy event of API Gateway. Always returns a response, never raises."""
    gateway_id = event.get("requestContext", {}).get("requestId") or context.aws_request_id
    blueprint = _parameter(event, "blueprint")
    log = bind(LOG, request_id=gateway_id, blueprint=blueprint)
    headers = {"x-request-id": gateway_id}
    try:
        access = access_of(event)
        access.check(blueprint)
        response = _answer(event, access, blueprint, headers)
        check_size(response)
    except ServiceError as error:
        log.warning("request failed", extra=described(error), exc_info=error if error.status == 500 else None)
        return respond_error(error, gateway_id, headers)
    except Exception:
        log.exception("unexpected error")
        unexpected = InternalError("an unexpected error; the log has it under this request id")
        return respond_error(unexpected, gateway_id, headers)
    log.info("answered", extra={"status": response["statusCode"], "principal": access.principal})
    return response


def _answer(event: Event, access: Access, blueprint: str, headers: dict[str, str]) -> Response:
    """Dispatch by method and resource."""
    operation = (str(event.get("httpMethod")), resource_of(event))
    if operation not in OPERATIONS:
        raise UnknownBlueprint(f"there is nothing under {operation[1][:64]}")
    return OPERATIONS[operation](event, access, blueprint, headers)


def _submit(event: Event, access: Access, blueprint: str, headers: dict[str, str]) -> Response:
    record: Any = RECORDS.get(blueprint, "async")
    body = _body(event, f"get an upload URL with POST /async/{blueprint}/uploads, and pass its key as 'input'")
    caller = _caller(event, blueprint)
    request_id = IDS.request(blueprint, caller.owner, _header(event, "idempotency-key"))
    result = JOBS.submit(record, body, _header(event, "content-type"), request_id, caller)
    return respond(202, result, {**headers, "location": _path(event, result["status_url"])})


def _upload(event: Event, access: Access, blueprint: str, headers: dict[str, str]) -> Response:
    record: Any = RECORDS.get(blueprint, "async")
    result = JOBS.upload(record, _body(event), _caller(event, blueprint))
    return respond(201, result, {**headers, "cache-control": "no-store"})


def _status(event: Event, access: Access, blueprint: str, headers: dict[str, str]) -> Response:
    RECORDS.get(blueprint, "async")
    result, fidelity = JOBS.status(blueprint, _parameter(event, "request_id"), owner_of(event))
    more = {"retry-after": "2"} if result["status"] == "pending" else {}
    if fidelity:
        more["x-fidelity"] = fidelity
    return respond(200, result, {**headers, **more, "cache-control": "no-store"})


def _submit_batch(event: Event, access: Access, blueprint: str, headers: dict[str, str]) -> Response:
    record: Any = RECORDS.get(blueprint, "batch")
    result = batch_jobs.submit(record, _body(event), owner_of(event), IDS, FUNCTIONS.call)
    return respond(202, result, {**headers, "location": _path(event, result["status_url"])})


def _batch_status(event: Event, access: Access, blueprint: str, headers: dict[str, str]) -> Response:
    record: Any = RECORDS.get(blueprint, "batch")
    result = batch_jobs.status(record, _parameter(event, "request_id"), owner_of(event), IDS, FUNCTIONS.call)
    return respond(200, result, {**headers, "cache-control": "no-store"})


OPERATIONS: dict[tuple[str, str], Callable[[Event, Access, str, dict[str, str]], Response]] = {
    ("POST", "/async/{blueprint}"): _submit,
    ("POST", "/async/{blueprint}/uploads"): _upload,
    ("GET", "/async/{blueprint}/{request_id}"): _status,
    ("POST", "/batch/{blueprint}"): _submit_batch,
    ("GET", "/batch/{blueprint}/{request_id}"): _batch_status,
}


def _body(event: Event, instead: str = "this path takes a few names, and no texts") -> bytes:
    body = body_of(event)
    check_body(body, instead)
    return body


def _caller(event: Event, blueprint: str) -> Caller:
    owner = owner_of(event)
    return Caller(owner, IDS.uploads(blueprint, owner))


def _path(event: Event, path: str) -> str:
    """Return a path as callers see it: with the stage and their authentication prefix."""
    context = event.get("requestContext") or {}
    base = str(context.get("path") or "").partition(f"/{path.split('/')[1]}/")[0]
    return f"{base}{path}"


def _parameter(event: Event, name: str) -> str:
    return str((event.get("pathParameters") or {}).get(name) or "")


def _header(event: Event, name: str) -> str | None:
    """Return a header, whose name has the caller's upper and lower case."""
    for given, value in (event.get("headers") or {}).items():
        if given.lower() == name:
            return str(value)
    return None
