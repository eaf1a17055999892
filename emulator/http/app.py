"""The HTTP application: the emulator's own endpoints, deployed APIs, recorded operations, moto."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import time
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import VERSION, recorded
from emulator.core import evidence, fidelity
from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.faults import middleware
from emulator.faults.middleware import Faulty
from emulator.http import routes
from emulator.http.admission import Admission
from emulator.http.idempotency import HEADER as REPEATED
from emulator.http.idempotency import OnceOnly
from emulator.http.routes import Route
from emulator.moto import wire
from emulator.moto.wire import Environ, StartResponse, Wsgi
from emulator.recorded.catalogue import Service
from emulator.services.apigateway.data_plane import ApiGateway
from emulator.services.iam import decisions
from emulator.services.iam.guard import Guard
from emulator.services.iam.moto_identities import MotoRegistry
from emulator.services.sagemaker import moto_feature_store as feature_groups
from emulator.services.sagemaker.feature_store import runtime as featurestore
from emulator.services.storage import moto_s3_owner

EVIDENCE_FILTERS = ("execution", "kind", "resource")
FORM = "application/x-www-form-urlencoded"
UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
"""Characters to replace in the log: paths contain text of clients, which a terminal would interpret."""
ACTION = re.compile(rb"(?:^|&)Action=(\w+)")


def build(settings: Settings, started_at: str) -> Wsgi:
    """Build the whole stack: log, admission, boundary, permission, repeated calls, fidelity, faults, routing."""
    answering: Wsgi = OnceOnly(_labelled(Faulty(_Router(settings, started_at), settings.account_id)))
    guarded = Guard(answering, MotoRegistry(Aws(settings)), settings.account_id, enforce=settings.enforce_iam)
    return _logged(Admission(wire.bounded(guarded), f"{settings.host}:{settings.port}"))


class _Router:
    """Dispatches a request to the part of the emulator that handles it."""

    def __init__(self, settings: Settings, started_at: str) -> None:
        self._settings = settings
        self._started_at = started_at
        self._engine = recorded.Engine(recorded.load())
        self._gateway = ApiGateway(settings)
        self._features = featurestore.Runtime(feature_groups.find)
        self._moto = wire.application()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        route = routes.of(environ)
        if route in (Route.OWN, Route.HEALTH):
            return self._own(Request(environ))(environ, start_response)
        if route is Route.DEPLOYED_API:
            return self._gateway(Request(environ))(environ, start_response)
        if featurestore.is_runtime(environ.get("PATH_INFO", "")):
            return self._records(environ)(environ, start_response)
        answer = self._recorded(environ)
        return (answer or self._moto)(environ, start_response)

    def _own(self, request: Request) -> Response:
        if request.path == routes.HEALTH:
            return _json(self._health())
        if request.path == "/_emulator/evidence" and request.args.get("kind") == decisions.KIND:
            return _json({"evidence": decisions.STORE.query(request.args)})
        if request.path == "/_emulator/evidence" and request.args.get("kind") == moto_s3_owner.KIND:
            return _json({"evidence": moto_s3_owner.STORE.query()})
        if request.path == "/_emulator/evidence":
            filters = {name: request.args[name] for name in EVIDENCE_FILTERS if request.args.get(name)}
            return _json({"evidence": evidence.STORE.query(**filters)})
        if request.path == middleware.PAGE or request.path.startswith(f"{middleware.PAGE}/"):
            return middleware.page(request)
        return _json({"message": f"no such endpoint: {request.path}"}, 404)

    def _health(self) -> dict[str, Any]:
        return {
            "service": "mlops-emulator",
            "version": VERSION,
            "pid": os.getpid(),
            "account_id": self._settings.account_id,
            "region": self._settings.region,
            "endpoint": self._settings.endpoint,
            "started_at": self._started_at,
            "iam": "enforced" if self._settings.enforce_iam else "off",
        }

    def _records(self, environ: Environ) -> Wsgi:
        """Handle an operation of Feature Store's runtime."""
        return wire.answer(environ, featurestore.MODEL, self._features.handle)

    def _recorded(self, environ: Environ) -> Wsgi | None:
        """Return the response of a recorded operation, or `None` for other operations."""
        scope = wire.scope(environ)
        match = self._engine.service(scope.service, lambda name: wire.operation_name(environ, name)) if scope else None
        if match is None:
            return None
        service: Service = match[0]
        body = wire.keep_body(environ)
        try:
            answer = wire.answer(environ, service.name, lambda call: self._engine.handle(service, call))
        except recorded.Declined:
            return None
        finally:
            environ["wsgi.input"] = io.BytesIO(body)
        answer.headers[fidelity.HEADER] = "recorded"
        return answer


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def _labelled(application: Wsgi) -> Wsgi:
    """Add the fidelity `emulated` to responses without one: those of the control plane."""

    def call(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if not any(name.lower() == fidelity.HEADER for name, _ in headers):
                headers = [*headers, (fidelity.HEADER, "emulated")]
            return start_response(status, headers, *rest)

        return application(environ, start)

    return call


def _logged(application: Wsgi) -> Wsgi:
    """Log a line per request, with the AWS operation instead of the path where there is one."""

    def call(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        scope = wire.scope(environ)
        what = _operation(environ) or f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            milliseconds = (time.perf_counter() - began) * 1000
            values = {name.lower(): value for name, value in headers}
            real = values.get(fidelity.HEADER, "-") + (" repeated" if REPEATED in values else "")
            line = f"{status[:3]} {scope.service if scope else '-'} {what} {milliseconds:.0f}ms {real}"
            sys.stdout.write(f"{time.strftime('%H:%M:%S')} {UNPRINTABLE.sub('?', line)}\n")
            sys.stdout.flush()
            return start_response(status, headers, *rest)

        return application(environ, start)

    return call


def _operation(environ: Environ) -> str:
    """Return the operation if the request names it: JSON protocols in a header, query protocols in the form."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).rsplit(".", 1)[-1]
    body = environ["wsgi.input"]
    if not environ.get("CONTENT_TYPE", "").startswith(FORM) or not isinstance(body, io.BytesIO):
        return ""
    match = ACTION.search(body.getvalue())
    return match[1].decode() if match else ""
