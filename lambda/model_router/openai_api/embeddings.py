"""Serve `POST /v1/embeddings`, for blueprints with an embedding model."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from typing import Any

from inference_common.errors import BadRequest
from inference_common.requests import InferenceRequest, checked_texts
from inference_routing.callers import Access
from inference_routing.deadline import Deadline
from inference_routing.request_context import RequestContext
from inference_routing.router import Router
from model_router.openai_api.fields import check_known, integer
from model_router.openai_api.models import KINDS
from model_router.openai_api.render import Rendered, usage_of


def answer(
    document: Mapping[str, Any], router: Router, access: Access, deadline: Deadline, ctx: RequestContext
) -> Rendered:
    check_known(document, {"model", "input", "encoding_format", "dimensions"})
    encoding = document.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise BadRequest("'encoding_format' must be float or base64", "encoding_format")
    dimensions = integer(document, "dimensions", 1, 16_384)
    given = document.get("input")
    texts = checked_texts(given if isinstance(given, list) else [given], "input")
    parameters = {} if dimensions is None else {"dimensions": dimensions}
    reply = router.answer(InferenceRequest(texts, parameters, task="embed"), access, KINDS, deadline, ctx)
    data = [
        {"object": "embedding", "index": index, "embedding": encoded(output["embedding"], encoding)}
        for index, output in enumerate(reply.outputs)
    ]
    usage = usage_of(reply)
    if usage:
        del usage["completion_tokens"]
    return Rendered({"object": "list", "data": data, "model": ctx.blueprint, "usage": usage})


def encoded(vector: list[float], encoding: str) -> list[float] | str:
    """Encode vectors as little-endian 32-bit floats in base64, which OpenAI's client requests."""
    if encoding == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
