"""API Gateway's Lambda proxy integration: HTTP request to event (format 1.0), function result to response."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from emulator.core import fidelity
from emulator.services.apigateway import moto_view
from emulator.services.apigateway.callers import ANYBODY, Caller
from emulator.services.apigateway.function_calls import FunctionCalls, Invocation
from emulator.services.apigateway.gateway_responses import Refused

if TYPE_CHECKING:
    from emulator.services.apigateway.data_plane import Route

FUNCTION_URI = re.compile(r"/functions/(?P<arn>.+)/invocations$")
GATEWAY_ERROR = "InternalServerErrorException"


def _malformed() -> Response:
    body = json.dumps({"message": "Internal server error"})
    return Response(body, 502, {"x-amzn-ErrorType": GATEWAY_ERROR}, content_type="application/json")


class LambdaProxy:
    """Invokes functions: maps a request to an event and the function's result to a response."""

    def __init__(self, functions: FunctionCalls) -> None:
        self._functions = functions

    def invoke(
        self,
        *,
        request: Request,
        stage: moto_view.Stage,
        route: Route,
        path: str,
        request_id: str,
        api_key: moto_view.KeyUse | None,
        caller: Caller,
    ) -> Response:
        integration = route.method.integration
        if integration is None or integration.type != "AWS_PROXY":
            kind = integration.type if integration else "none"
            message = f"The local emulator has no integration of type {kind}"
            raise Refused(501, message, "NotImplemented", "API_CONFIGURATION_ERROR")
        match = FUNCTION_URI.search(_substitute(integration.uri, stage.variables))
        source_arn = method_arn(stage, request.method, path)
        if match is None or not moto_view.may_invoke(match["arn"], source_arn):
            raise Refused(500, "Internal server error", GATEWAY_ERROR, "API_CONFIGURATION_ERROR")
        event = build_event(request, stage, route, path, request_id, api_key, caller)
        try:
            invocation = self._functions.invoke(match["arn"], event, stage.region, integration.timeout_ms)
        except ReadTimeoutError as error:
            message = "Endpoint request timed out"
            raise Refused(504, message, "IntegrationTimeoutException", "INTEGRATION_TIMEOUT") from error
        except ClientError as error:
            throttled = error.response["Error"]["Code"] == "TooManyRequestsException"
            # AWS answers 500 for a throttled function as well; here the error type distinguishes the two.
            error_type = "TooManyRequestsException" if throttled else GATEWAY_ERROR
            raise Refused(500, "Internal server error", error_type, "INTEGRATION_FAILURE") from error
        return build_response(invocation)


def method_arn(stage: moto_view.Stage, verb: str, path: str) -> str:
    """Return the ARN that policies of callers and of functions name."""
    return f"arn:aws:execute-api:{stage.region}:{stage.account_id}:{stage.api_id}/{stage.name}/{verb}{path}"


def _substitute(uri: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$\{stageVariables\.(\w+)\}", lambda match: variables.get(match[1], ""), uri)


def build_event(
    request: Request,
    stage: moto_view.Stage,
    route: Route,
    path: str,
    request_id: str,
    api_key: moto_view.KeyUse | None,
    caller: Caller = ANYBODY,
) -> dict[str, Any]:
    """Build the event that a function behind a REST API receives."""
    headers = _grouped(request.headers.items())
    query = _grouped(request.args.items(multi=True))
    body, encoded = _body(request.get_data())
    now = time.time()
    return {
        "resource": route.method.resource_path,
        "path": path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()} or None,
        "multiValueHeaders": headers or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": route.path_parameters or None,
        "stageVariables": stage.variables or None,
        "requestContext": {
            "accountId": stage.account_id,
            "apiId": stage.api_id,
            "domainName": request.host,
            "httpMethod": request.method,
            "identity": {
                "apiKey": (caller.usage_key or request.headers.get("x-api-key")) if api_key else None,
                "apiKeyId": api_key.key_id if api_key else None,
                "sourceIp": request.remote_addr,
                "userAgent": request.headers.get("User-Agent"),
                **caller.identity,
            },
            "path": f"/{stage.name}{path}",
            "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "requestId": request_id,
            "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": route.method.resource_id,
            "resourcePath": route.method.resource_path,
            "stage": stage.name,
            **({} if caller.authorizer is None else {"authorizer": caller.authorizer}),
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _body(raw: bytes) -> tuple[str | None, bool]:
    if not raw:
        return None, False
    try:
        return raw.decode("utf-8"), False
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode("ascii"), True


def build_response(invocation: Invocation) -> Response:
    """Return the response to the caller; a result that is not a proxy response is a 502, as on AWS."""
    response = _proxy_response(invocation)
    own = fidelity.parse(response.headers.get("x-fidelity"))
    known = [value for value in (invocation.fidelity, own) if value is not None]
    if known:
        response.headers[fidelity.HEADER] = fidelity.weakest(*known)
    if invocation.evidence:
        response.headers[fidelity.EVIDENCE_HEADER] = invocation.evidence
    return response


def _proxy_response(invocation: Invocation) -> Response:
    malformed = _malformed()
    if invocation.failed:
        return malformed
    try:
        result = json.loads(invocation.payload)
        status = int(result["statusCode"])
        headers = Headers(list((result.get("headers") or {}).items()))
        for name, values in (result.get("multiValueHeaders") or {}).items():
            headers.setlist(name, values)
        body = result.get("body") or ""
        if not isinstance(body, str):
            return malformed
        content = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode()
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return malformed
    headers.setdefault("Content-Type", "application/json")
    return Response(content, status, headers)
