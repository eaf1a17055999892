"""Serve the platform's own API: `POST /<kind>/{blueprint}` with JSON, JSON Lines, CSV or text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_common import formats
from inference_common.errors import ServiceError
from inference_common.requests import body_of
from inference_common.responses import respond, respond_error
from inference_routing.callers import Access, resource_of
from inference_routing.deadline import Deadline
from inference_routing.limits import check_body
from inference_routing.request_context import RequestContext
from inference_routing.router import Router


def answer(event: Mapping[str, Any], router: Router, access: Access, deadline: Deadline, ctx: RequestContext) -> Any:
    """Return the proxy response to one request."""
    ctx.blueprint = str((event.get("pathParameters") or {}).get("blueprint") or "")
    body = body_of(event)
    check_body(body)
    request = formats.read(body, header(event, "content-type"))
    reply = router.answer(request, access, kinds_of(event), deadline, ctx)
    kind = formats.accepted(header(event, "accept"))
    if kind != formats.JSON:
        return respond(200, formats.WRITERS[kind](reply.outputs), {"content-type": kind, **ctx.headers()})
    answered_by = ctx.outcome.answered_by
    document: dict[str, Any] = {
        "request_id": ctx.request_id,
        "blueprint": ctx.blueprint,
        "source": answered_by.source if answered_by else None,
        "model": reply.model,
        "outputs": reply.outputs,
    }
    if reply.usage is not None:
        document["usage"] = reply.usage
    return respond(200, document, ctx.headers())


def refuse(error: ServiceError, ctx: RequestContext) -> dict[str, Any]:
    return respond_error(error, ctx.request_id, ctx.headers())


def kinds_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the kind in the path: `/realtime/{blueprint}` serves realtime blueprints only."""
    kind, _, rest = resource_of(event).strip("/").partition("/")
    return (kind,) if rest == "{blueprint}" else ()


def header(event: Mapping[str, Any], name: str) -> str | None:
    """Return a header, whose name has the caller's upper and lower case."""
    for given, value in (event.get("headers") or {}).items():
        if given.lower() == name:
            return str(value)
    return None
