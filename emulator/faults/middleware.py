"""WSGI middleware that injects faults (`emulator.faults.store`), and the pages where faults are armed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator.core.aws import INSIDE, INSIDE_HEADER, OWN_HEADER
from emulator.core.evidence import STORE as EVIDENCE
from emulator.faults import store
from emulator.faults.store import API, FLAKY, BadFault, Fault
from emulator.http import envelopes, routes
from emulator.http.connections import NoAnswer
from emulator.http.routes import Route
from emulator.moto import wire
from emulator.moto.lineage import HEADER as CAUSE
from emulator.moto.wire import Environ, StartResponse, Wsgi
from emulator.services.iam import moto_requests

HEADER = "x-emulator-fault"
OWN, IN_PROCESS = (f"HTTP_{name.upper().replace('-', '_')}" for name in (OWN_HEADER, INSIDE_HEADER))
NOT_FLAKY = tuple(kind for kind in store.WIRE if kind != FLAKY)
"""Kinds that also hit calls of services to each other."""
PAGE = "/_emulator/faults"
DEPLOYED = {
    "throttle": (429, "Too Many Requests"),
    "quota-zero": (429, "Limit Exceeded"),
    "server-error": (500, "Internal server error"),
}
"""Responses of API Gateway for a deployed API."""
BROKEN = b'{"this answer is broken: '


@dataclass(frozen=True)
class _Wording:
    """How services word one kind of error."""

    message: str
    names: tuple[str, ...]
    """The first one that the operation's model has is used."""
    code: str
    status: int
    """Used if the model has none."""
    by_protocol: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Code and status for protocols whose models lack such errors, or name them differently."""


ERRORS = {
    "throttle": _Wording(
        "Rate exceeded",
        ("ThrottlingException", "TooManyRequestsException", "RequestThrottled", "RequestLimitExceeded"),
        "ThrottlingException",
        400,
        {
            "ec2": ("RequestLimitExceeded", 503),
            "query": ("Throttling", 400),
            "rest-xml": ("Throttling", 400),
            "s3": ("SlowDown", 503),
        },
    ),
    "server-error": _Wording(
        "An internal error occurred",
        ("InternalServerException", "InternalServerError", "InternalServiceException", "ServiceException"),
        "InternalFailure",
        500,
        {"ec2": ("InternalError", 500), "s3": ("InternalError", 500)},
    ),
    "quota-zero": _Wording(
        "The account's quota for this is 0; request an increase in Service Quotas.",
        ("ServiceQuotaExceededException", "ResourceLimitExceeded", "ResourceNumberLimitExceededException"),
        "ServiceQuotaExceededException",
        400,
    ),
}
NO_MODEL = "You don't have access to the model with the specified model ID."
NAMING = re.compile(r"(Name|Id|Arn|ARN|Identifier|Url|URL)s?$|(Bucket|^Key)$|^(name|id|arn)$")
"""Parameters that identify the resources of a call."""
MOST_NAMES = 50


class Faulty:
    """WSGI middleware between authorization and the services."""

    def __init__(self, application: Wsgi, account: str) -> None:
        self._application = application
        self._account = account

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        ours = OWN in environ or routes.of(environ) in (Route.OWN, Route.HEALTH)
        if not store.STORE.armed() or ours:
            return self._application(environ, start_response)
        service, action, names = self._about(environ)
        kinds = NOT_FLAKY if environ.get(IN_PROCESS) == INSIDE else tuple(store.WIRE)
        hits = store.STORE.hits(service, action, names, kinds)
        if not hits:
            return self._application(environ, start_response)
        signed = moto_requests.signature(environ)
        cause = environ.get("HTTP_" + CAUSE.upper().replace("-", "_"))
        cause = cause or (EVIDENCE.borrower(signed.access_key_id) if signed else None)
        for fault in hits:
            name = next((each for each in names if fault.about(service, action, [each])), "")
            store.record_hit(fault, service, action, name, cause)
            if fault.kind == "slow":
                time.sleep(fault.delay_seconds)
        return self._inject(hits[-1], environ, start_response)

    def _inject(self, fault: Fault, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, (HEADER, f"{fault.id} {fault.kind}")], *rest)

        if fault.kind == "slow":
            return self._application(environ, start)
        if fault.kind == "drop-connection":
            raise NoAnswer
        return _answer(fault.kind, environ)(environ, start)

    def _about(self, environ: Environ) -> tuple[str, str, list[str]]:
        """Return service, action and resource names of a request; empty if it is not a call of AWS."""
        if routes.of(environ) is Route.DEPLOYED_API:
            match = routes.DEPLOYED_API.match(environ.get("PATH_INFO", ""))
            return API, environ["REQUEST_METHOD"], [match["path"] or "", match["api"]] if match else []
        signed = moto_requests.signature(environ)
        if signed is None:
            return "", "", []
        call = moto_requests.call(environ, signed, self._account)
        return call.service, call.operation, _names(call.parameters)


def _names(parameters: Mapping[str, Any]) -> list[str]:
    naming = [value for name, value in parameters.items() if NAMING.search(name)]
    values = [each for value in naming for each in (value if isinstance(value, list) else [value])]
    return [value[:500] for value in values if isinstance(value, str)][:MOST_NAMES]


def _answer(kind: str, environ: Environ) -> Wsgi:
    if kind == "malformed":
        return Response(BROKEN, 200, {"x-emulator-fidelity": "not-run"}, content_type="application/json")
    signed = moto_requests.signature(environ)
    service = signed.service if signed else ""
    if kind == "access-denied":
        return moto_requests.refusal(environ, "AccessDenied", NO_MODEL if service == "bedrock" else "Access Denied")
    if routes.of(environ) is Route.DEPLOYED_API:
        status, words = DEPLOYED[kind]
        return Response(json.dumps({"message": words}), status, content_type="application/json")
    wording = ERRORS[kind]
    return wire.failure(environ, *_status_and_code(kind, wording, environ, service), wording.message)


def _status_and_code(kind: str, wording: _Wording, environ: Environ, service: str) -> tuple[int, str]:
    spoken = envelopes.protocol(environ, service)
    modelled = {} if spoken in ("ec2", "query", "s3") else moto_requests.errors(environ)
    for name in wording.names:
        if name in modelled:
            return 500 if kind == "server-error" else modelled[name], name
    code, status = wording.by_protocol.get(spoken, (wording.code, wording.status))
    return status, code


def page(request: Request) -> Response:
    """List faults (`GET`), arm one (`POST`), disarm all or `/{id}` (`DELETE`)."""
    fault_id = request.path.removeprefix(PAGE).strip("/") or None
    if request.method == "GET" and fault_id is None:
        return _json({"faults": store.STORE.listed(), "kinds": store.KINDS})
    if request.method == "POST" and fault_id is None:
        if request.mimetype != "application/json":
            return _json({"message": f"Content-Type must be application/json, got {request.mimetype!r}"}, 415)
        try:
            return _json({"fault": store.STORE.arm(request.get_json(silent=True))}, 201)
        except BadFault as error:
            return _json({"message": str(error)}, 400)
    if request.method == "DELETE":
        gone = store.STORE.disarm(fault_id)
        if fault_id and not gone:
            return _json({"message": f"no fault {fault_id}"}, 404)
        return _json({"disarmed": gone})
    return _json({"message": f"{request.path} does not support {request.method}"}, 405)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
