"""Lambda authorizers of API Gateway: the function is called, and the policy that it returns is evaluated.

The gateway takes the identity sources from the request (401 if one is missing), calls the function unless its verdict
on these sources is cached, evaluates the returned policy on the method's ARN, and passes the returned context on.
Status, message and `x-amzn-ErrorType` of each refusal are those of AWS.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from werkzeug.wrappers import Request

from emulator.services.apigateway import moto_view
from emulator.services.apigateway.callers import Caller
from emulator.services.apigateway.function_calls import FunctionCalls, Invocation
from emulator.services.apigateway.gateway_responses import Refused
from emulator.services.apigateway.lambda_proxy import FUNCTION_URI, build_event, method_arn
from emulator.services.iam.policy import Applicable, Context, Effect, MalformedPolicy, Policy, Principal, decide
from emulator.services.iam.policy import Request as Question

if TYPE_CHECKING:
    from emulator.services.apigateway.data_plane import Route

LONGEST_MS = 29_000
UNAUTHORIZED = "Unauthorized"
"""The only error message of a function that means 401."""


@dataclass(frozen=True)
class Verdict:
    """An authorizer's verdict on a caller; it is cached for all methods, and its policy evaluated for each."""

    principal: str
    policy: Policy
    context: dict[str, str]
    usage_key: str


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized", "UnauthorizedException", "UNAUTHORIZED")


def misconfigured() -> Refused:
    return Refused(500, None, "AuthorizerConfigurationException", "AUTHORIZER_CONFIGURATION_ERROR")


class LambdaAuthorizers:
    """All Lambda authorizers of all APIs, with their cached verdicts."""

    def __init__(self, functions: FunctionCalls, clock: Callable[[], float] = time.monotonic) -> None:
        self._functions = functions
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: dict[tuple[str, ...], tuple[float, Verdict]] = {}

    def admit(self, request: Request, stage: moto_view.Stage, route: Route, path: str, request_id: str) -> Caller:
        """Return the caller of an admitted request. Raise `Refused` otherwise."""
        authorizer = stage.deployed.authorizers.get(route.method.authorizer_id or "")
        if authorizer is None:
            raise misconfigured()
        sources = identity_of(authorizer, request, stage, route, path, request_id)
        began = time.perf_counter()
        verdict = self._remembered(stage, authorizer, sources)
        if verdict is None:
            event = _event(authorizer, request, stage, route, path, request_id, sources)
            verdict = self._ask(stage, authorizer, event)
            self._remember(stage, authorizer, sources, verdict)
        _evaluate(verdict, method_arn(stage, request.method, path), stage.account_id, request.remote_addr)
        took = round((time.perf_counter() - began) * 1000)
        context = {"principalId": verdict.principal, **verdict.context, "integrationLatency": took}
        return Caller(authorizer=context, usage_key=verdict.usage_key)

    def _ask(self, stage: moto_view.Stage, authorizer: moto_view.Authorizer, event: dict[str, Any]) -> Verdict:
        match = FUNCTION_URI.search(authorizer.uri)
        source = f"arn:aws:execute-api:{stage.region}:{stage.account_id}:{stage.api_id}/authorizers/{authorizer.id}"
        if match is None or not (authorizer.has_role or moto_view.may_invoke(match["arn"], source)):
            raise misconfigured()
        try:
            invocation = self._functions.invoke(match["arn"], event, stage.region, LONGEST_MS)
        except (ClientError, BotoCoreError) as error:
            raise Refused(500, None, "AuthorizerFailureException", "AUTHORIZER_FAILURE") from error
        return read_verdict(invocation)

    def _remembered(
        self, stage: moto_view.Stage, authorizer: moto_view.Authorizer, sources: tuple[str, ...]
    ) -> Verdict | None:
        with self._lock:
            until, verdict = self._cache.get((stage.api_id, stage.name, authorizer.id, *sources), (0.0, None))
        return verdict if verdict is not None and self._clock() < until else None

    def _remember(
        self, stage: moto_view.Stage, authorizer: moto_view.Authorizer, sources: tuple[str, ...], verdict: Verdict
    ) -> None:
        if authorizer.ttl_seconds > 0:
            now = self._clock()
            with self._lock:
                self._cache = {key: entry for key, entry in self._cache.items() if now < entry[0]}
                key = (stage.api_id, stage.name, authorizer.id, *sources)
                self._cache[key] = (now + authorizer.ttl_seconds, verdict)


def identity_of(
    authorizer: moto_view.Authorizer, request: Request, stage: moto_view.Stage, route: Route, path: str, request_id: str
) -> tuple[str, ...]:
    """Return the values of the identity sources. If one is missing or empty, raise 401 without calling the function."""
    known = {
        "context.identity.sourceIp": request.remote_addr,
        "context.httpMethod": request.method,
        "context.path": f"/{stage.name}{path}",
        "context.resourcePath": route.method.resource_path,
        "context.requestId": request_id,
        "context.stage": stage.name,
        "context.apiId": stage.api_id,
        "context.accountId": stage.account_id,
    }
    values = []
    for source in authorizer.identity_sources:
        place, _, name = source.rpartition(".")
        value = {
            "method.request.header": request.headers.get(name),
            "method.request.querystring": request.args.get(name),
            "stageVariables": stage.variables.get(name),
        }.get(place, known.get(source))
        if not value:
            raise unauthorized()
        values.append(value)
    if authorizer.validation and not re.fullmatch(authorizer.validation, values[0] if values else ""):
        raise unauthorized()
    return tuple(values)


def _event(
    authorizer: moto_view.Authorizer,
    request: Request,
    stage: moto_view.Stage,
    route: Route,
    path: str,
    request_id: str,
    sources: tuple[str, ...],
) -> dict[str, Any]:
    """Return the function's event: the token alone, or the request without its body."""
    arn = method_arn(stage, request.method, path)
    if authorizer.type == "TOKEN":
        if not sources:
            raise unauthorized()
        return {"type": "TOKEN", "authorizationToken": sources[0], "methodArn": arn}
    event = build_event(request, stage, route, path, request_id, None)
    del event["body"], event["isBase64Encoded"]
    return {"type": "REQUEST", "methodArn": arn, **event}


def read_verdict(invocation: Invocation) -> Verdict:
    """Return the function's verdict. Raise `Refused` if it failed or its result is not valid."""
    try:
        document = json.loads(invocation.payload)
        if invocation.failed:
            if document.get("errorMessage") == UNAUTHORIZED:
                raise unauthorized()
            raise Refused(500, None, "AuthorizerFailureException", "AUTHORIZER_FAILURE")
        context = document.get("context") or {}
        if not all(isinstance(value, str | int | float | bool) for value in context.values()):
            raise misconfigured()  # AWS accepts neither lists nor objects
        return Verdict(
            principal=str(document["principalId"]),
            policy=Policy.parse(document["policyDocument"], "authorizer"),
            context={name: _text(value) for name, value in context.items()},
            usage_key=document.get("usageIdentifierKey") or "",
        )
    except (ValueError, KeyError, TypeError, AttributeError, MalformedPolicy) as error:
        raise misconfigured() from error


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _evaluate(verdict: Verdict, resource: str, account: str, source_ip: str | None) -> None:
    principal = Principal("user", f"arn:aws:iam::{account}:user/{verdict.principal}", account)
    question = Question(principal, "execute-api:Invoke", resource, Context.complete({"aws:SourceIp": source_ip}))
    decision = decide(question, Applicable(identity=(verdict.policy,)))
    if decision.allowed:
        return
    denied = " with an explicit deny" if decision.effect is Effect.EXPLICIT_DENY else ""
    message = f"User is not authorized to access this resource{denied}"
    raise Refused(403, message, "AccessDeniedException", "ACCESS_DENIED")
