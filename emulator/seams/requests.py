"""A window, no seam: HTTP requests as AWS operations with parameters, and refusals in the caller's own protocol."""

from __future__ import annotations

import gzip
import io
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emulator.authorization.needs import Call
from emulator.seams.wire import Environ, Wsgi, keep_body

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
MODELS = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "bedrock": ("bedrock-runtime", "bedrock"),
    "email": ("sesv2", "ses"),
    "monitoring": ("cloudwatch",),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-featurestore-runtime"),
    "states": ("stepfunctions",),
}
"""Names of botocore's models by the name that requests are signed for, where they differ."""
ACTION_NAMES = {"monitoring": "cloudwatch"}
"""Services whose actions begin with another name than requests are signed for."""
BODIES_NOT_READ = ("s3", "sagemaker-runtime", "lambda")
"""Whose bodies are the user's own data, of any size, and say nothing about the resource."""


@dataclass(frozen=True)
class Signature:
    """Who signed, and for what. `token` is empty for long-lived keys."""

    access_key_id: str
    token: str
    region: str
    service: str


def signature(environ: Environ) -> Signature | None:
    """From the header, or from the query of a presigned URL; `None` for an unsigned request."""
    match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if match:
        return Signature(match[1], environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""), match[2], match[3])
    query = environ.get("QUERY_STRING", "")
    if "X-Amz-Credential=" not in query:
        return None
    arguments = BackendRequest(environ.copy()).args
    match = CREDENTIAL.search("Credential=" + arguments.get("X-Amz-Credential", ""))
    return Signature(match[1], arguments.get("X-Amz-Security-Token", ""), match[2], match[3]) if match else None


def call(environ: Environ, signed: Signature, account: str) -> Call:
    """The operation and its parameters. An operation that no model knows is called after its HTTP method."""
    body = None if signed.service == "s3" else keep_body(environ)
    request = _request(environ, body)
    headers = {name.lower(): value for name, value in request.headers.items()}
    name, parameters = f"{request.method}{request.path}", {}
    for model in MODELS.get(signed.service, (signed.service,)):
        found = _operation(model, request)
        if found:
            name = found[0].name
            if body is None and name == "DeleteObjects":
                request = _request(environ, keep_body(environ))
            parameters = _parameters(model, *found, request)
            break
    service = ACTION_NAMES.get(signed.service, signed.service)
    return Call(service, name, signed.region, account, parameters, headers)


def errors(environ: Environ) -> dict[str, int]:
    """Errors that the operation's model names, with their status; empty for what no model knows."""
    signed = signature(environ)
    if signed is None:
        return {}
    request = _request(environ, None)
    for model in MODELS.get(signed.service, (signed.service,)):
        found = _operation(model, request)
        if found:
            shapes = found[0].error_shapes
            return {shape.name: int(shape.metadata.get("error", {}).get("httpStatusCode", 400)) for shape in shapes}
    return {}


def _request(environ: Environ, body: bytes | None) -> BackendRequest:
    copied = environ.copy()
    if body is None:
        copied["wsgi.input"], copied["CONTENT_LENGTH"] = io.BytesIO(), "0"
        copied.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        plain = gzip.decompress(body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else body
        copied["wsgi.input"], copied["CONTENT_LENGTH"] = io.BytesIO(plain), str(len(plain))
    return BackendRequest(copied)


def _operation(model: str, request: BackendRequest) -> tuple[OperationModel, dict[str, Any]] | None:
    try:
        return get_service_router(model).match(request)
    except (NotFound, NotImplementedError):
        return None
    except Exception as error:
        # Botocore raises an error of its own for a service that it has no model of.
        if type(error).__name__ == "UnknownServiceError":
            return None
        raise


def _parameters(model: str, operation: OperationModel, path: dict[str, Any], request: BackendRequest) -> dict[str, Any]:
    if model in BODIES_NOT_READ and operation.name != "DeleteObjects":
        return {**path, **_of_query(operation, request)}
    service = get_service_model(model)
    parser = PROTOCOL_PARSERS[determine_request_protocol(service, request.content_type)](operation, map_type=dict)
    try:
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": path,
            }
        )
    except RequestParserError:
        # Whoever answers says what is wrong with it; without parameters it is about nothing known.
        return path
    return {**path, **{name: value for name, value in dict(parsed).items() if value is not None}}


def _of_query(operation: OperationModel, request: BackendRequest) -> dict[str, Any]:
    shape = operation.input_shape
    found = {}
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") == "querystring":
            value = request.args.get(member.serialization.get("name", name))
            if value is not None:
                found[name] = value
    return found


# ---- refusals ----------------------------------------------------------------------------------------------------


def refusal(environ: Environ, code: str, message: str) -> Wsgi:
    """403 of S3 and of services that speak REST or forms, 400 of those that speak JSON."""
    signed = signature(environ)
    service = signed.service if signed else "s3"
    headers = {"x-emulator-fidelity": "emulated", "x-amzn-RequestId": str(uuid.uuid4())}
    if environ.get("HTTP_X_AMZ_TARGET") or (service not in ("s3", "route53", "cloudfront") and not _is_form(environ)):
        name = {"AccessDenied": "AccessDeniedException", "InvalidClientTokenId": "UnrecognizedClientException"}
        kind = name.get(code, f"{code}Exception" if code == "ExpiredToken" else code)
        status = 400 if environ.get("HTTP_X_AMZ_TARGET") else 403
        body = json.dumps({"__type": kind, "message": message, "Message": message})
        return Response(body, status, {**headers, "x-amzn-ErrorType": kind}, content_type="application/x-amz-json-1.1")
    if service == "ec2":
        kind = {"AccessDenied": "UnauthorizedOperation", "InvalidClientTokenId": "AuthFailure"}.get(code, code)
        inner = f"<Errors><Error><Code>{kind}</Code><Message>{escape(message)}</Message></Error></Errors>"
        return Response(f"<Response>{inner}</Response>", 403, headers, content_type="text/xml")
    if service == "sns" and code == "AccessDenied":
        code = "AuthorizationError"
    if service == "s3" and code == "InvalidClientTokenId":
        code = "InvalidAccessKeyId"
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    body = f"<Error>{error}</Error>"
    if service != "s3":
        body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
    status = 400 if code == "ExpiredToken" and service == "s3" else 403
    return Response(body, status, headers, content_type="text/xml")


def _is_form(environ: Environ) -> bool:
    return str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")
