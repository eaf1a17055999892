"""Moto's HTTP application, and AWS's wire protocols in both directions.

Its functions use WSGI and plain dictionaries, so that their callers need not import moto.
"""

from __future__ import annotations

import io
import re
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.moto_server.werkzeug_app import (
    BackendRequest,
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Response

from emulator.http import envelopes, routes
from emulator.http.connections import NoAnswer
from emulator.http.routes import Route

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")


def request_handler() -> type[WSGIRequestHandler]:
    return MotoRequestHandler


@dataclass(frozen=True)
class Scope:
    """Region and service that a request was signed for."""

    region: str
    service: str


def scope(environ: Environ) -> Scope | None:
    """Return the scope of the signature; `None` for an unsigned request."""
    match = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return Scope(*match.groups()) if match else None


def keep_body(environ: Environ) -> bytes:
    """Return the request body, and leave it readable for the next handler."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
        del environ["HTTP_TRANSFER_ENCODING"]
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return bytes(body)


@dataclass(frozen=True)
class Call:
    """One AWS operation with its parameters."""

    service: str
    operation: str
    account_id: str
    region: str
    parameters: dict[str, Any]


class CallError(ServiceException):
    """An error of AWS's service model: `code` selects the HTTP status.

    Not moto's own class, whose module name moto takes for that of a service.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def operation_name(environ: Environ, service: str) -> str | None:
    """Return the operation of `service` that a request calls; `None` if the service lacks it."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).rsplit(".", 1)[-1]
    response = BaseResponse(service_name=service)
    return response._get_action_from_method_and_request_uri(BackendRequest(environ.copy()))


class _Operation(BaseResponse):
    """Moto's parsing and serialising, around a handler of the emulator."""

    def __init__(self, service: str, handler: Callable[[Call], dict[str, Any]]) -> None:
        super().__init__(service_name=service)
        self.automated_parameter_parsing = True
        self.handler = handler

    def call_action(self) -> Any:
        parameters = {key: value for key, value in dict(self.params).items() if value is not None}
        call = Call(
            service=self.service_name or "",
            operation=self._get_action(),
            account_id=self.current_account,
            region=self.region,
            parameters=parameters,
        )
        try:
            return self.serialized(ActionResult(self.handler(call)))
        except CallError as error:
            return self.serialized(ActionResult(error))


def answer(environ: Environ, service: str, handler: Callable[[Call], dict[str, Any]]) -> Response:
    """Return the response of `handler` in the wire format of `service`."""
    request = BackendRequest(environ)
    status, headers, body = _Operation(service, handler)._dispatch(request)
    plain = {name: str(value) for name, value in headers.items() if name != "status"}
    plain.setdefault("x-amzn-RequestId", str(uuid.uuid4()))
    return Response(body, int(status), plain)


class _Dispatcher(DomainDispatcherApplication):
    """Moto's dispatcher with a cache: it searches its folders on the disk twice for every request."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._known: dict[str, Any] = {}

    def get_application(self, environ: Environ) -> Any:
        """Select the application by signature only: moto's pages (`/moto-api/`, instance metadata) are not served."""
        path = environ.get("PATH_INFO", "")
        with self.lock:
            host = self.infer_service_region_host(environ, path) or "s3.us-east-1.amazonaws.com"
            backend = self.get_backend_for_host(host)
            if backend not in self.app_instances:
                self.app_instances[backend] = self.create_app(backend)
            return self.app_instances[backend]

    def get_backend_for_host(self, host: str | None) -> Any:
        if host is None:
            return None
        if host not in self._known:
            backend = super().get_backend_for_host(host)
            if backend is None:
                return None
            self._known[host] = backend
        return self._known[host]


def application() -> Wsgi:
    """Return moto's application. It raises `NotImplementedError` for operations that moto lacks.

    For a path without a route moto returns Flask's plain 404, which a client would take for a missing resource.
    """
    moto = _Dispatcher(_backend_app)

    def call(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        seen: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            seen.update(status=status, headers=headers)
            return start_response(status, headers, *rest) if not _unrouted(environ, status, headers) else None

        chunks: Iterable[bytes] = moto(environ, start)
        if seen and _unrouted(environ, seen["status"], seen["headers"]):
            raise NotImplementedError(f"no route for {environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return chunks

    return call


def bounded(application: Wsgi) -> Wsgi:
    """Report unhandled errors of an application in the client's protocol.

    They are 400: SDKs retry a 500 for minutes, which does not help if something is missing or broken. Moto is made for
    one request at a time, though, and errors because of that do not recur: they are 500.
    """

    def call(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except NoAnswer:
            raise
        except Exception as error:
            if routes.of(environ) is not Route.AWS:
                raise
            return _unanswered(environ, error)(environ, start_response)

    return call


def _unanswered(environ: Environ, error: Exception) -> Wsgi:
    if isinstance(error, NotImplementedError | OperationNotFoundError):
        signed = scope(environ)
        service = signed.service if signed else "unknown"
        message = f"The local emulator does not implement this operation of {service}: {error}"
        return failure(environ, 400, "NotImplemented", message)
    traceback.print_exception(error)
    gone = _what_is_gone(environ, error)
    if gone is not None:
        return failure(environ, gone.status, gone.code, gone.message)
    message = f"The local emulator failed (its log says where): {type(error).__name__}: {error}"
    if isinstance(error, RuntimeError) and "during iteration" in str(error):
        return failure(environ, 500, "InternalFailure", message)
    return failure(environ, 400, "EmulatorFailure", message)


def _what_is_gone(environ: Environ, error: Exception) -> envelopes.Failure | None:
    """Return AWS's error for the deletion of a missing resource, where moto fails as it did not find it.

    A destroy that continues a killed one makes such calls.
    """
    signed = scope(environ)
    failed = isinstance(error, KeyError) or str(error).startswith("'NoneType' object has no attribute")
    # Query protocols have the operation in the body, which has been read; and EC2 has no such errors.
    named = environ["REQUEST_METHOD"] == "DELETE" or "HTTP_X_AMZ_TARGET" in environ
    operation = operation_name(environ, signed.service) if signed and failed and named else None
    if signed is None or operation is None or not operation.startswith("Delete"):
        return None
    return envelopes.not_found(signed.service, operation)


def _backend_app(service: Any) -> Any:
    if service is None:
        raise NotImplementedError("none of its operations")
    return create_backend_app(service)


def _unrouted(environ: Environ, status: str, headers: list[tuple[str, str]]) -> bool:
    """Return whether this is Flask's 404 rather than that of an AWS service (JSON or XML)."""
    signed = scope(environ)
    if not status.startswith("404") or signed is None or signed.service == "s3":
        return False
    values = {name.lower(): value for name, value in headers}
    # Some of moto's responses lack the content type, but name their error.
    return "x-amzn-errortype" not in values and values.get("content-type", "text/html").startswith("text/html")


def failure(environ: Environ, status: int, code: str, message: str) -> Wsgi:
    """Build an error of the emulator itself in the client's protocol."""
    signed = scope(environ)
    error = envelopes.Failure(status, code, message)
    return envelopes.answer(environ, signed.service if signed else "s3", error, {"x-emulator-fidelity": "not-run"})
