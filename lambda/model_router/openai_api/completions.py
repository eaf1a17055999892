"""Serve `POST /v1/completions`, the legacy API: one or several prompts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from inference_common.errors import GuardrailBlocked
from inference_common.requests import InferenceRequest, checked_texts
from inference_routing.callers import Access
from inference_routing.deadline import Deadline
from inference_routing.request_context import RequestContext
from inference_routing.router import Router
from model_router.openai_api.fields import OPTIONS, check_known, options
from model_router.openai_api.models import KINDS
from model_router.openai_api.render import Choice, Rendered, choices_of, server_sent, usage_of


def answer(
    document: Mapping[str, Any], router: Router, access: Access, deadline: Deadline, ctx: RequestContext
) -> Rendered:
    check_known(document, {*OPTIONS, "model", "prompt"})
    opts = options(document)
    prompt = document.get("prompt")
    prompts = checked_texts(prompt if isinstance(prompt, list) else [prompt], "prompt")
    inputs = checked_texts([text for text in prompts for _ in range(opts.choices)], "prompt")
    try:
        request = InferenceRequest(inputs, opts.parameters, task="generate")
        choices = choices_of(router.answer(request, access, KINDS, deadline, ctx))
    except GuardrailBlocked as blocked:
        if blocked.stage == "input":
            raise
        choices = [Choice(blocked.message, "content_filter")] * len(inputs)
    head = {
        "id": f"cmpl-{ctx.request_id}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": ctx.blueprint,
    }
    rendered = [
        {"index": index, "text": choice.text, "logprobs": None, "finish_reason": choice.finish_reason}
        for index, choice in enumerate(choices)
    ]
    usage = usage_of(ctx.reply)
    if not opts.stream:
        return Rendered({**head, "choices": rendered, "usage": usage})
    events: list[dict[str, Any]] = [{**head, "choices": [each]} for each in rendered]
    if opts.include_usage:
        events.append({**head, "choices": [], "usage": usage})
    return server_sent(events)
