"""WSGI middleware that lets faults (`emulator.faults`) befall requests, and the pages where faults are armed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import faults
from emulator.compute.aws import OWN_HEADER
from emulator.connections import NoAnswer
from emulator.evidence import STORE as EVIDENCE
from emulator.faults import BadFault, Fault
from emulator.http import routes
from emulator.http.routes import Route
from emulator.seams import requests, wire
from emulator.seams.lineage import HEADER as CAUSE
from emulator.seams.wire import Environ, StartResponse, Wsgi

HEADER = "x-emulator-fault"
OWN = "HTTP_" + OWN_HEADER.upper().replace("-", "_")
PAGE = "/_emulator/faults"
API = "execute-api"
BROKEN = b'{"this answer is broken: '
ERRORS = {
    "throttle": (
        ("ThrottlingException", "TooManyRequestsException", "RequestThrottled", "RequestLimitExceeded"),
        "Rate exceeded",
    ),
    "quota-zero": (
        ("ServiceQuotaExceededException", "ResourceLimitExceeded", "ResourceNumberLimitExceededException"),
        "The account's quota for this is 0; ask for more in Service Quotas.",
    ),
}
"""What services call it; the first one that the operation's model has."""
NO_MODEL = "You don't have access to the model with the specified model ID."
NAMING = re.compile(r"(Name|Id|Arn|ARN|Identifier|Url|URL|Bucket|^Key)$|^(name|id|arn)$")
"""Parameters that say what a call is about; the others are nobody's business."""


class Faulty:
    """In front of whoever answers, behind whoever decides whether the caller may ask."""

    def __init__(self, application: Wsgi, account: str) -> None:
        self._application = application
        self._account = account

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        ours = OWN in environ or routes.of(environ) in (Route.OWN, Route.HEALTH)
        if not faults.STORE.armed() or ours:
            return self._application(environ, start_response)
        service, action, names = self._about(environ)
        hits = faults.STORE.hits(service, action, names)
        if not hits:
            return self._application(environ, start_response)
        signed = requests.signature(environ)
        cause = environ.get("HTTP_" + CAUSE.upper().replace("-", "_"))
        cause = cause or (EVIDENCE.borrower(signed.access_key_id) if signed else None)
        for fault in hits:
            name = next((each for each in names if fault.about(service, action, [each])), "")
            faults.tell(fault, service, action, name, cause)
            if fault.kind == "slow":
                time.sleep(fault.delay_seconds)
        return self._befall(hits[-1], environ, start_response)

    def _befall(self, fault: Fault, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, (HEADER, f"{fault.id} {fault.kind}")], *rest)

        if fault.kind == "slow":
            return self._application(environ, start)
        if fault.kind == "drop-connection":
            raise NoAnswer
        return _answer(fault.kind, environ)(environ, start)

    def _about(self, environ: Environ) -> tuple[str, str, list[str]]:
        """Service, action and the names that a request bears; nothing for one that is no call of AWS."""
        if routes.of(environ) is Route.DEPLOYED_API:
            found = routes.DEPLOYED_API.match(environ.get("PATH_INFO", ""))
            return API, environ["REQUEST_METHOD"], [found["path"] or "", found["api"]] if found else []
        signed = requests.signature(environ)
        if signed is None:
            return "", "", []
        call = requests.call(environ, signed, self._account)
        named = [value for name, value in call.parameters.items() if isinstance(value, str) and NAMING.search(name)]
        return call.service, call.operation, [value[:500] for value in named]


def _answer(kind: str, environ: Environ) -> Wsgi:
    if kind == "malformed":
        return Response(BROKEN, 200, {"x-emulator-fidelity": "not-run"}, content_type="application/json")
    signed = requests.signature(environ)
    service = signed.service if signed else ""
    if kind == "access-denied":
        return requests.refusal(environ, "AccessDenied", NO_MODEL if service == "bedrock" else "Access Denied")
    if routes.of(environ) is Route.DEPLOYED_API:
        message = {"message": "Too Many Requests" if kind == "throttle" else "Limit Exceeded"}
        return Response(json.dumps(message), 429, content_type="application/json")
    if service == "s3" and kind == "throttle":
        return wire.failure(environ, 503, "SlowDown", "Please reduce your request rate.")
    errors = requests.errors(environ)
    names, words = ERRORS[kind]
    code = next((name for name in names if name in errors), names[0])
    return wire.failure(environ, errors.get(code, 400), code, words)


def page(request: Request) -> Response:
    """`GET` lists, `POST` arms, `DELETE` disarms all or `/{id}`."""
    fault_id = request.path.removeprefix(PAGE).strip("/") or None
    if request.method == "GET" and fault_id is None:
        return _json({"faults": faults.STORE.listed(), "kinds": faults.KINDS})
    if request.method == "POST" and fault_id is None:
        if request.mimetype != "application/json":
            return _json({"message": f"Content-Type must be application/json, got {request.mimetype!r}"}, 415)
        try:
            return _json({"fault": faults.STORE.arm(request.get_json(silent=True))}, 201)
        except BadFault as error:
            return _json({"message": str(error)}, 400)
    if request.method == "DELETE":
        gone = faults.STORE.disarm(fault_id)
        if fault_id and not gone:
            return _json({"message": f"no fault {fault_id}"}, 404)
        return _json({"disarmed": gone})
    return _json({"message": f"{request.method} is nothing that {request.path} does"}, 405)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
