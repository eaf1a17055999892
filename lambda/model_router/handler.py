"""Handle inference requests of API Gateway: `POST /<kind>/{blueprint}` and OpenAI's `/v1/*`.

`native_api` and `openai_api` read requests and write responses; `inference_routing` routes them between the two.
`inference_common.errors` maps known errors to HTTP statuses; unexpected errors are logged with their traceback and
become 500.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from typing import Any

from inference_common import emf
from inference_common.errors import InternalError, ServiceError
from inference_common.logs import BoundLogger, bind, described, get_logger
from inference_common.responses import check_size
from inference_routing import telemetry
from inference_routing.callers import access_of, resource_of
from inference_routing.circuit_breaker import CircuitBreaker
from inference_routing.clients import deferred
from inference_routing.clients.guardrails import BedrockGuardrails
from inference_routing.clients.parameters import ParameterStore
from inference_routing.deadline import Deadline
from inference_routing.request_context import RequestContext
from inference_routing.route_table import RouteTable
from inference_routing.router import Router
from model_router import native_api
from model_router.settings import Settings

SETTINGS = Settings.read(os.environ)
ROUTER = Router(
    table=RouteTable(ParameterStore(SETTINGS.routes_prefix), SETTINGS.route_cache_seconds, time.monotonic),
    backends={"sagemaker": deferred.Deferred(deferred.sagemaker), "bedrock": deferred.Deferred(deferred.bedrock)},
    judge=BedrockGuardrails(),
    breaker=CircuitBreaker(time.monotonic),
    clock=time.monotonic,
    pause=time.sleep,
    draw=random.Random().random,
    shadow_wait_seconds=SETTINGS.shadow_wait_seconds,
)
LOG = get_logger("model_router")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a proxy event of API Gateway. Always returns a response, never raises."""
    started = time.monotonic()
    event = {**event, "resource": resource_of(event)}
    ctx = RequestContext(event.get("requestContext", {}).get("requestId") or context.aws_request_id)
    api = api_of(event)
    failed: ServiceError | None = None
    try:
        access = access_of(event)
        ctx.principal = access.principal
        response: dict[str, Any] = api.answer(event, ROUTER, access, deadline_of(event, context), ctx)
        check_size(response)
    except ServiceError as error:
        failed = error
    except Exception as error:
        bind(LOG, request_id=ctx.request_id, blueprint=ctx.blueprint).exception("unexpected error")
        failed = InternalError("an unexpected error; the log has it under this request id")
        failed.__cause__ = error
    if failed:
        response = api.refuse(failed, ctx)
    report(ctx, failed, response["statusCode"], time.monotonic() - started)
    return response


def api_of(event: Mapping[str, Any]) -> Any:
    """Return the module that reads this request and writes its response."""
    if not resource_of(event).startswith("/v1/"):
        return native_api
    # With the first of these requests: a cold start compiles each module that it imports.
    from model_router import openai_api

    return openai_api


def deadline_of(event: Mapping[str, Any], context: Any) -> Deadline:
    """Return the earlier of the function's and API Gateway's timeout, which starts before a cold start."""
    limit = SETTINGS.api_limit_seconds
    received = event.get("requestContext", {}).get("requestTimeEpoch")
    spent = time.time() - received / 1000 if isinstance(received, int | float) else 0.0
    # A skewed clock must not shorten the request's time.
    left = limit - spent if 0 <= spent < limit else limit
    allowed = min(context.get_remaining_time_in_millis() / 1000, left)
    return Deadline.after(allowed - SETTINGS.deadline_margin_seconds, time.monotonic)


def report(ctx: RequestContext, failed: ServiceError | None, status: int, seconds: float) -> None:
    """Emit metrics and log lines of a finished request."""
    log: BoundLogger = bind(LOG, request_id=ctx.request_id, blueprint=ctx.blueprint)
    for fields in telemetry.failures(ctx):
        log.warning("target failed", extra=fields)
    if failed:
        # Causes of internal errors are only logged.
        cause = failed.__cause__ if isinstance(failed, InternalError) else None
        log.warning("request failed", extra=described(failed), exc_info=cause)
    payload = telemetry.payload(ctx, SETTINGS.log_payloads)
    if payload:
        log.info("payload", extra=payload)
    emf.emit(telemetry.metric_lines(ctx, SETTINGS.metrics_namespace, seconds, failed, emf.milliseconds()))
    details: dict[str, Any] = {
        "status": status,
        "ms": round(seconds * 1000),
        "decision": ctx.outcome.route_decision,
        "reason": ctx.outcome.reason,
    }
    if ctx.principal:
        details["principal"] = ctx.principal
    if ctx.comparison:
        details["shadow"] = ctx.comparison.verdict
    log.info("answered", extra=details)
