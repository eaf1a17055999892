"""Serve an OpenAI-compatible API: `/v1/chat/completions`, `/v1/completions`, `/v1/embeddings`, `/v1/models`.

`model` is the name of a blueprint. Unsupported parameters are refused by name, never dropped. REST APIs of API Gateway
cannot stream a function's response, so `stream=true` returns all events at once with `x-stream: buffered`.

A classifying blueprint answers a chat with its output as JSON (`{"label": …, "score": …}`) for the last user message.
It counts no tokens, so `usage` is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from inference_common.errors import ServiceError, UnknownBlueprint
from inference_common.requests import body_of, parse_object
from inference_common.responses import respond, retry_after
from inference_routing.callers import Access, resource_of
from inference_routing.deadline import Deadline
from inference_routing.limits import check_body
from inference_routing.request_context import RequestContext
from inference_routing.router import Router
from inference_routing.routes import NAME
from model_router.openai_api import chat, completions, embeddings, models
from model_router.openai_api.errors import body_for
from model_router.openai_api.fields import required_text
from model_router.openai_api.render import Rendered

Answer = Callable[[Mapping[str, Any], Router, Access, Deadline, RequestContext], Rendered]
POSTED: dict[str, Answer] = {
    "/v1/chat/completions": chat.answer,
    "/v1/completions": completions.answer,
    "/v1/embeddings": embeddings.answer,
}


def answer(event: Mapping[str, Any], router: Router, access: Access, deadline: Deadline, ctx: RequestContext) -> Any:
    """Return the proxy response to one request."""
    resource = resource_of(event)
    if resource.startswith("/v1/models"):
        name = (event.get("pathParameters") or {}).get("model")
        return respond(200, models.answer(name, router, access, deadline, ctx), ctx.headers())
    if resource not in POSTED:
        raise UnknownBlueprint(f"there is nothing under {resource[:64]}")
    body = body_of(event)
    check_body(body)
    document = parse_object(body)
    ctx.blueprint = required_text(document, "model")
    if not NAME.fullmatch(ctx.blueprint):
        raise UnknownBlueprint(f"there is no blueprint '{ctx.blueprint[:64]}'")
    rendered = POSTED[resource](document, router, access, deadline, ctx)
    return respond(200, rendered.body, {**rendered.headers, **ctx.headers()})


def refuse(error: ServiceError, ctx: RequestContext) -> dict[str, Any]:
    status, body = body_for(error)
    return respond(status, body, {**ctx.headers(), **retry_after(error)})
