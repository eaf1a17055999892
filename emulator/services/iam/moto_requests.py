"""Map HTTP requests to AWS operations with parameters, and refusals to the caller's protocol. Patches nothing."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emulator.http import envelopes, routes
from emulator.http.envelopes import MODELS
from emulator.http.routes import Route
from emulator.moto.wire import Environ, Wsgi, keep_body
from emulator.services.iam.needs import Call
from emulator.services.iam.signatures import ALGORITHM, Signature

CREDENTIAL = re.compile(r"([A-Za-z0-9]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<credential>[^\s,]+), *"
    r"SignedHeaders=(?P<headers>[a-z0-9_;-]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
"""The whole header: other content is rejected, as other parsers could read it differently."""
ACTION_NAMES = {"monitoring": "cloudwatch"}
"""Prefixes of actions, for services whose requests are signed for another name."""
BODIES_NOT_READ = ("s3", "sagemaker-runtime", "lambda")
"""Services whose bodies are the user's data, of any size, and do not name the resource."""
OBJECT = re.compile(r"/[^/]+/.", re.DOTALL)


def signature(environ: Environ) -> Signature | None:
    """Read the signature of a request, from its header or from the query of a presigned address of an S3 object.

    `None` for an unsigned request, and for one that is signed in any other way or place.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    presigned = _of_query_string(environ)
    if header and presigned:
        return None  # S3 accepts one or the other
    if not header:
        return presigned
    match = AUTHORIZATION.fullmatch(header.strip())
    scope = CREDENTIAL.fullmatch(match["credential"]) if match else None
    if match is None or scope is None:
        return None
    token, stamp = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""), environ.get("HTTP_X_AMZ_DATE", "")
    headers = tuple(match["headers"].split(";"))
    return Signature(scope[1], token, scope[2], scope[3], scope[4], headers, match["signature"], stamp)


def is_version_2(environ: Environ) -> bool:
    """Return whether a request has Signature Version 2, which S3 rejects though boto3 still presigns with it."""
    old = environ.get("HTTP_AUTHORIZATION", "").startswith("AWS ")
    return old or "AWSAccessKeyId=" in environ.get("QUERY_STRING", "")


def _of_query_string(environ: Environ) -> Signature | None:
    """Read a presigned URL's signature. Only S3 has them here, and only for objects: `/<bucket>/<key>`."""
    if "X-Amz-Credential=" not in environ.get("QUERY_STRING", "") or not OBJECT.match(environ.get("PATH_INFO", "")):
        return None
    given = BackendRequest(environ.copy()).args
    scope = CREDENTIAL.fullmatch(given.get("X-Amz-Credential", ""))
    expires = given.get("X-Amz-Expires", "")
    if scope is None or scope[4] != "s3" or given.get("X-Amz-Algorithm") != ALGORITHM or not expires.isdecimal():
        return None
    token, signed = given.get("X-Amz-Security-Token", ""), given.get("X-Amz-Signature", "")
    headers, stamp = tuple(given.get("X-Amz-SignedHeaders", "").split(";")), given.get("X-Amz-Date", "")
    return Signature(scope[1], token, scope[2], scope[3], scope[4], headers, signed, stamp, int(expires[:9]))


def call(environ: Environ, signed: Signature, account: str) -> Call:
    """Return the operation and its parameters. An operation without a model is named after its HTTP method."""
    body = None if signed.service == "s3" else keep_body(environ)
    request = _request(environ, body)
    headers = {name.lower(): value for name, value in request.headers.items()}
    name, parameters = f"{request.method}{request.path}", {}
    for model in MODELS.get(signed.service, (signed.service,)):
        match = _operation(model, request)
        if match:
            name = match[0].name
            if body is None and name == "DeleteObjects":
                request = _request(environ, keep_body(environ))
            parameters = _parameters(model, *match, request)
            break
    service = ACTION_NAMES.get(signed.service, signed.service)
    return Call(service, name, signed.region, account, parameters, headers)


def errors(environ: Environ) -> dict[str, int]:
    """Return the errors in the operation's model with their status; empty for an operation without a model."""
    signed = signature(environ)
    if signed is None:
        return {}
    request = _request(environ, None)
    for model in MODELS.get(signed.service, (signed.service,)):
        match = _operation(model, request)
        if match:
            shapes = match[0].error_shapes
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
        # Botocore raises its own error for a service without a model.
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
        # The service answers with the error; without parameters no resource is known.
        return path
    return {**path, **{name: value for name, value in dict(parsed).items() if value is not None}}


def _of_query(operation: OperationModel, request: BackendRequest) -> dict[str, Any]:
    shape = operation.input_shape
    parameters = {}
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") == "querystring":
            value = request.args.get(member.serialization.get("name", name))
            if value is not None:
                parameters[name] = value
    return parameters


# ---- refusals ----------------------------------------------------------------------------------------------------


def refusal(environ: Environ, code: str, message: str) -> Wsgi:
    """Make the response of a refusal, with the service's error name: 403 for REST and forms, 400 for JSON."""
    signed = signature(environ)
    service = signed.service if signed else "s3"
    if routes.of(environ) is Route.OWN:
        headers = {"x-emulator-fidelity": "emulated"}
        return Response(json.dumps({"message": message}), 403, headers, content_type="application/json")
    spoken = envelopes.protocol(environ, service)
    name = _name(spoken, service, code)
    is_400 = spoken == "json" or (spoken == "s3" and code == "ExpiredToken")
    failure = envelopes.Failure(400 if is_400 else 403, name, message)
    return envelopes.answer(environ, service, failure, {"x-emulator-fidelity": "emulated"})


def _name(spoken: str, service: str, code: str) -> str:
    if spoken == "ec2":
        return {"AccessDenied": "UnauthorizedOperation", "InvalidClientTokenId": "AuthFailure"}.get(code, code)
    if spoken == "s3":
        return {"InvalidClientTokenId": "InvalidAccessKeyId"}.get(code, code)
    if spoken in ("query", "rest-xml"):
        return "AuthorizationError" if service == "sns" and code == "AccessDenied" else code
    names = {
        "AccessDenied": "AccessDeniedException",
        "ExpiredToken": "ExpiredTokenException",
        "InvalidClientTokenId": "UnrecognizedClientException",
        "SignatureDoesNotMatch": "InvalidSignatureException",
    }
    return names.get(code, code)
