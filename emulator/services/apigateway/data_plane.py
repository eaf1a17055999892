"""API Gateway's data plane: `/restapis/{api}/{stage}/_user_request_/{path}` invokes a deployed stage.

The checks come in AWS's order: does the route exist, is the caller authorised, does the request validate,
is the API key admitted by a usage plan, is anything throttled; then the Lambda proxy integration. Status,
message and `x-amzn-ErrorType` of each refusal are those of AWS.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

import jsonschema
from werkzeug.wrappers import Request, Response

from emulator.core.aws import Aws
from emulator.core.settings import Settings
from emulator.http.routes import DEPLOYED_API
from emulator.services.apigateway import moto_view
from emulator.services.apigateway.authorizers import LambdaAuthorizers
from emulator.services.apigateway.callers import ANYBODY, Caller
from emulator.services.apigateway.function_calls import FunctionCalls
from emulator.services.apigateway.gateway_responses import Refused, render
from emulator.services.apigateway.iam_callers import SignedCallers
from emulator.services.apigateway.lambda_proxy import LambdaProxy
from emulator.services.apigateway.throttling import Buckets, Quotas
from emulator.services.iam.moto_identities import MotoRegistry

MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Route:
    """A method, and the path parameters of the request that matched it."""

    method: moto_view.Method
    path_parameters: dict[str, str]


class ApiGateway:
    """All stages of all APIs."""

    def __init__(self, settings: Settings) -> None:
        functions = FunctionCalls(settings)
        self._invoke = LambdaProxy(functions).invoke
        self._authorizers = LambdaAuthorizers(functions)
        self._signed = SignedCallers(MotoRegistry(Aws(settings)), enforce=settings.enforce_iam)
        self._buckets = Buckets()
        self._quotas = Quotas()

    def __call__(self, request: Request) -> Response:
        request_id = str(uuid.uuid4())
        match = DEPLOYED_API.match(request.path)
        stage = moto_view.find_stage(match["api"], match["stage"]) if match else None
        try:
            if match is None or stage is None:
                raise Refused(403, "Forbidden", "ForbiddenException", "ACCESS_DENIED")
            response = self._handle(request, stage, match["path"] or "/", request_id)
        except Refused as refusal:
            response = render(refusal, stage, request_id)
        response.headers.setdefault("x-amzn-RequestId", request_id)
        return response

    def _handle(self, request: Request, stage: moto_view.Stage, path: str, request_id: str) -> Response:
        route = find_route(stage.deployed.methods, request.method, path)
        if route is None:
            # AWS answers this for every unknown route, whatever the caller's credentials.
            raise Refused(
                403,
                "Missing Authentication Token",
                "MissingAuthenticationTokenException",
                "MISSING_AUTHENTICATION_TOKEN",
            )
        if len(request.get_data()) > MOST_BYTES:
            # AWS documents the status and the response type; the message is the one that callers report.
            raise Refused(413, "Request Too Long", "RequestEntityTooLargeException", "REQUEST_TOO_LARGE")
        caller = self._authorize(request, stage, route, path, request_id)
        _validate(route.method, request)
        key = self._admit(stage, route.method, request, caller)
        self._throttle(stage, route.method)
        return self._invoke(
            request=request,
            stage=stage,
            route=route,
            path=path,
            request_id=request_id,
            api_key=key,
            caller=caller,
        )

    def _authorize(self, request: Request, stage: moto_view.Stage, route: Route, path: str, request_id: str) -> Caller:
        match route.method.authorization:
            case "NONE":
                return ANYBODY
            case "CUSTOM":
                return self._authorizers.admit(request, stage, route, path, request_id)
            case "AWS_IAM":
                return self._signed.admit(request, stage, path)
            case other:
                message = f"The local emulator has no {other} authorizer"
                raise Refused(501, message, "NotImplemented", "AUTHORIZER_CONFIGURATION_ERROR")

    def _admit(
        self, stage: moto_view.Stage, method: moto_view.Method, request: Request, caller: Caller
    ) -> moto_view.KeyUse | None:
        if not method.api_key_required:
            return None
        value = caller.usage_key if stage.deployed.key_source == "AUTHORIZER" else request.headers.get("x-api-key", "")
        key = moto_view.find_key(stage, value)
        if key is None:
            raise Refused(403, "Forbidden", "ForbiddenException", "INVALID_API_KEY")
        counter = (key.plan_id, key.key_id)
        if key.throttle and not self._buckets.take(counter, rate=key.throttle.rate, burst=key.throttle.burst):
            raise Refused(429, "Too Many Requests", "TooManyRequestsException", "THROTTLED")
        limit, period = key.quota_limit, key.quota_period
        if limit is not None and period and not self._quotas.take(counter, limit=limit, period=period):
            raise Refused(429, "Limit Exceeded", "LimitExceededException", "QUOTA_EXCEEDED")
        return key

    def _throttle(self, stage: moto_view.Stage, method: moto_view.Method) -> None:
        """Apply the stage's throttle: that of the method if it has one, else that of `*/*`."""
        name = "~1".join(["", *method.resource_path.strip("/").split("/")]) + f"/{method.http_method}"
        setting = name if name in stage.throttles else "*/*"
        throttle = stage.throttles.get(setting)
        if throttle is None or throttle.rate < 0:
            return
        counter = (stage.api_id, stage.name, method.resource_path, method.http_method)
        if not self._buckets.take(counter, rate=throttle.rate, burst=throttle.burst):
            raise Refused(429, "Too Many Requests", "TooManyRequestsException", "THROTTLED")


def find_route(methods: tuple[moto_view.Method, ...], verb: str, path: str) -> Route | None:
    """Return the most specific method for a path: literal parts before `{name}` before `{name+}`, verb before ANY."""
    candidates = []
    for method in methods:
        if method.http_method not in (verb, "ANY"):
            continue
        parameters = _match(method.resource_path, path)
        if parameters is not None:
            candidates.append((_specificity(method), Route(method, parameters)))
    return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _match(template: str, path: str) -> dict[str, str] | None:
    pattern = re.sub(
        r"\\\{(\w+)(\\\+)?\\\}",
        lambda part: f"(?P<{part[1]}>{'.+' if part[2] else '[^/]+'})",
        re.escape(template.rstrip("/") or "/"),
    )
    match = re.fullmatch(pattern, path.rstrip("/") or "/")
    return match.groupdict() if match else None


def _specificity(method: moto_view.Method) -> tuple[tuple[int, ...], bool]:
    ranks = tuple(
        0 if part.endswith("+}") else 1 if part.startswith("{") else 2 for part in method.resource_path.split("/")[1:]
    )
    return ranks, method.http_method != "ANY"


def _validate(method: moto_view.Method, request: Request) -> None:
    missing = [name for name in method.required_parameters if not _has_parameter(request, name)]
    if missing:
        names = ", ".join(name.rsplit(".", 1)[-1] for name in missing)
        raise Refused(
            400, f"Missing required request parameters: [{names}]", "BadRequestException", "BAD_REQUEST_PARAMETERS"
        )
    # A model is for one content type; bodies of any other type pass unchecked, as on AWS.
    if method.body_schema is None or (request.mimetype or "application/json") != "application/json":
        return
    document = request.get_json(force=True, silent=True)
    if not jsonschema.Draft4Validator(method.body_schema).is_valid(document):
        raise Refused(400, "Invalid request body", "BadRequestException", "BAD_REQUEST_BODY")


def _has_parameter(request: Request, name: str) -> bool:
    _, _, place, key = name.split(".", 3)
    if place == "header":
        return key in request.headers
    if place == "querystring":
        return key in request.args
    return True  # a path parameter is present, or the route would not have matched
