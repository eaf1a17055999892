"""Serve `GET /v1/models`: the blueprints that the caller may use."""

from __future__ import annotations

from typing import Any

from inference_common.errors import UnknownBlueprint
from inference_routing.callers import Access
from inference_routing.deadline import Deadline
from inference_routing.request_context import RequestContext
from inference_routing.router import Router

KINDS = ("realtime", "serverless")
"""Synchronous kinds of blueprints."""


def answer(name: str | None, router: Router, access: Access, deadline: Deadline, ctx: RequestContext) -> dict[str, Any]:
    """Return one model, or the list of all."""
    ctx.blueprint = name or ""
    if name is not None:
        access.check(name)
    models = [
        {"id": record.name, "object": "model", "created": record.changed, "owned_by": "blueprints"}
        for record in router.table.names(deadline.call_timeout())
        if record.kind in KINDS and access.allows(record.name)
    ]
    if name is None:
        return {"object": "list", "data": models}
    for model in models:
        if model["id"] == name:
            return model
    raise UnknownBlueprint(f"there is no blueprint '{name[:64]}'")
