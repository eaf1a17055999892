"""Errors in the protocol of a request: an SDK takes an error that it cannot parse for a broken service.

AWS's protocols differ in where an error's code is: the `__type` of JSON, a header of REST-JSON, and elements of
XML with three different things around them. AWS's SDK for Go, which terraform uses, reads each in its place only, and
repeats a throttled call only if it found the code.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from botocore.session import Session
from werkzeug.wrappers import Response

Protocol = Literal["json", "rest-json", "query", "ec2", "rest-xml", "s3", "smithy-rpc-v2-cbor"]

MODELS = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "bedrock": ("bedrock-runtime", "bedrock"),
    "email": ("sesv2", "ses"),
    "monitoring": ("cloudwatch",),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-featurestore-runtime"),
    "states": ("stepfunctions",),
}
"""Names of botocore's models by the name that requests are signed for, where they differ."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Failure:
    """An error, independent of the protocol."""

    status: int
    code: str
    message: str


def protocol(environ: Mapping[str, Any], service: str) -> Protocol:
    """Return the protocol of a request to the service of this signing name, from the request or else from the model."""
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "smithy-rpc-v2-cbor"
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    if service == "s3":
        # S3 Control is signed for under the same name, and its requests always name the account.
        return "rest-xml" if environ.get("HTTP_X_AMZ_ACCOUNT_ID") else "s3"
    if service == "ec2":
        return "ec2"
    for spoken in _rest(service):
        return spoken
    is_form = str(environ.get("CONTENT_TYPE", "")).startswith(FORM)
    return "query" if is_form or "Action=" in str(environ.get("QUERY_STRING", "")) else "rest-json"


def answer(environ: Mapping[str, Any], service: str, failure: Failure, headers: Mapping[str, str]) -> Response:
    """Build the response for an error, with these headers too."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, **headers}
    spoken = protocol(environ, service)
    if spoken in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        return _plain(environ, spoken, failure, headers)
    body = _xml(spoken, service, failure, request_id)
    return Response(body, failure.status, headers, content_type="text/xml" if spoken != "s3" else "application/xml")


def not_found(service: str, operation: str) -> Failure | None:
    """Return an operation's error for a missing resource; `None` if AWS's model has none."""
    for name in MODELS.get(service, (service,)):
        try:
            model = _session().get_service_model(name)
            errors = model.operation_model(operation).error_shapes
        except (UnknownServiceError, OperationNotFoundError):
            continue
        for shape in errors:
            error = shape.metadata.get("error", {})
            if "NotFound" in shape.name or "NoSuch" in shape.name:
                return Failure(int(error.get("httpStatusCode", 400)), str(error.get("code", shape.name)), "Not found.")
    return None


def _plain(environ: Mapping[str, Any], spoken: Protocol, failure: Failure, headers: dict[str, str]) -> Response:
    if environ.get("HTTP_X_AMZN_QUERY_MODE") == "true":
        # Services that once used the query protocol also return its code.
        fault = "Sender" if failure.status < 500 else "Receiver"
        headers["x-amzn-query-error"] = f"{failure.code};{fault}"
    if spoken == "smithy-rpc-v2-cbor":
        headers["smithy-protocol"] = "rpc-v2-cbor"
        body = _cbor({"__type": failure.code, "message": failure.message})
        return Response(body, failure.status, headers, content_type="application/cbor")
    headers["x-amzn-ErrorType"] = failure.code
    # Some models spell the member with a capital.
    document = {"__type": failure.code, "message": failure.message, "Message": failure.message}
    kind = "application/x-amz-json-1.1" if spoken == "json" else "application/json"
    return Response(json.dumps(document), failure.status, headers, content_type=kind)


def _xml(spoken: Protocol, service: str, failure: Failure, request_id: str) -> str:
    error = f"<Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message>"
    if spoken == "ec2":
        return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    if spoken == "s3":
        return f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    fault = "Sender" if failure.status < 500 else "Receiver"
    name = _namespace(service)
    root = f'<ErrorResponse xmlns="{escape(name)}">' if name else "<ErrorResponse>"
    return f"{root}<Error><Type>{fault}</Type>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"


def _cbor(document: dict[str, str]) -> bytes:
    """Encode a map of texts, which is all that an error needs of CBOR (RFC 8949)."""
    head = bytes([0xA0 | len(document)])
    return head + b"".join(_text(name) + _text(value) for name, value in document.items())


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"\x7a" + len(encoded).to_bytes(4, "big") + encoded


def _rest(service: str) -> list[Protocol]:
    """Return the REST protocols of a service, if any."""
    protocols = (_metadata(name).get("protocol") for name in MODELS.get(service, (service,)))
    return [cast("Protocol", spoken) for spoken in protocols if spoken in ("rest-json", "rest-xml")]


def _namespace(service: str) -> str:
    names = MODELS.get(service, (service,))
    return next((str(name) for name in (_metadata(each).get("xmlNamespace") for each in names) if name), "")


@lru_cache(maxsize=128)
def _metadata(model: str) -> Mapping[str, Any]:
    """Return the metadata of a service's model; empty for a service that botocore lacks."""
    try:
        return cast("Mapping[str, Any]", _session().get_service_model(model).metadata)
    except UnknownServiceError:
        return {}


@lru_cache(maxsize=1)
def _session() -> Session:
    return Session()
