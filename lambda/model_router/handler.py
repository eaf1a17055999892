"""The model router: `POST /<kind>/{blueprint}` on API Gateway to a SageMaker endpoint or a Bedrock model.

Parse, look up the route, choose the targets, ask them in order, answer. Every known error has its status in
`inference_common.errors`; what is not known is logged with its traceback and answered with 500.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

from clients.bedrock import BedrockBackend
from clients.parameters import ParameterStore
from clients.sagemaker import SageMakerBackend
from deadline import Deadline
from dispatch import Backend, Outcome, Reply, dispatch
from inference_common.errors import InternalError, ServiceError
from inference_common.logs import BoundLogger, bind, get_logger
from inference_common.requests import body_of, parse_request
from inference_common.responses import respond, respond_error
from routes import Route, RouteTable, Target
from routing import choose, draw_for
from settings import Settings

SETTINGS = Settings.read(os.environ)
ROUTES = RouteTable(ParameterStore(SETTINGS.routes_prefix), SETTINGS.route_cache_seconds, time.monotonic)
BACKENDS: dict[str, Backend] = {"sagemaker": SageMakerBackend(), "bedrock": BedrockBackend()}
LOG = get_logger("model_router")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway's proxy integration: always a response, never an exception."""
    request_id = event.get("requestContext", {}).get("requestId") or context.aws_request_id
    blueprint = (event.get("pathParameters") or {}).get("blueprint") or ""
    log = bind(LOG, request_id=request_id, blueprint=blueprint)
    outcome = Outcome()
    started = time.monotonic()
    try:
        route, reply = answer(event, context, request_id, blueprint, outcome, log)
        response = succeed(request_id, route, reply, outcome)
    except ServiceError as error:
        # The causes behind a permanent error of ours are for the log alone.
        log.warning(error.message, extra={"error": error.type}, exc_info=isinstance(error, InternalError))
        response = respond_error(error, request_id, headers_of(request_id, outcome, None))
    except Exception:
        log.exception("unexpected error")
        error = InternalError("an unexpected error; the log has it under this request id")
        response = respond_error(error, request_id, headers_of(request_id, outcome, None))
    elapsed = round((time.monotonic() - started) * 1000)
    details = {"status": response["statusCode"], "ms": elapsed, "decision": outcome.route_decision}
    log.info("answered", extra=details)
    return response


def answer(
    event: dict[str, Any], context: Any, request_id: str, blueprint: str, outcome: Outcome, log: BoundLogger
) -> tuple[Route, Reply]:
    """The request's way through the router."""
    allowed = min(context.get_remaining_time_in_millis() / 1000, SETTINGS.api_limit_seconds)
    deadline = Deadline.after(allowed - SETTINGS.deadline_margin_seconds, time.monotonic)
    request = parse_request(body_of(event))
    route = ROUTES.get(blueprint, deadline.call_timeout())
    request = replace(request, parameters={**route.parameters, **request.parameters})
    decision = choose(route.targets, unhealthy=(), draw=draw_for(request_id))

    def on_failure(target: Target, error: ServiceError) -> None:
        log.warning("target failed", extra={"target": target.name, "error": error.type, "why": error.message})

    log.info("routed", extra={"target": decision.order[0].name, "reason": decision.reason})
    return route, dispatch(decision, BACKENDS[route.source], request, deadline, outcome, on_failure)


def headers_of(request_id: str, outcome: Outcome, fidelity: str | None) -> dict[str, str]:
    headers = {"x-request-id": request_id, "x-route-decision": outcome.route_decision}
    return {**headers, "x-fidelity": fidelity} if fidelity else headers


def succeed(request_id: str, route: Route, reply: Reply, outcome: Outcome) -> dict[str, Any]:
    body: dict[str, Any] = {
        "request_id": request_id,
        "blueprint": route.blueprint,
        "source": route.source,
        "model": reply.model,
        "outputs": reply.outputs,
    }
    if reply.usage is not None:
        body["usage"] = reply.usage
    return respond(200, body, headers_of(request_id, outcome, reply.fidelity))
