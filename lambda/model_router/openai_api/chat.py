"""Serve `POST /v1/chat/completions`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from inference_common.errors import BadRequest, GuardrailBlocked
from inference_common.requests import MAX_CHARACTERS, InferenceRequest
from inference_routing.callers import Access
from inference_routing.deadline import Deadline
from inference_routing.request_context import RequestContext
from inference_routing.router import Router
from model_router.openai_api.fields import OPTIONS, Options, check_known, options
from model_router.openai_api.models import KINDS
from model_router.openai_api.render import Choice, Rendered, choices_of, server_sent, usage_of

MAX_MESSAGES = 200
SYSTEM = ("system", "developer")


def answer(
    document: Mapping[str, Any], router: Router, access: Access, deadline: Deadline, ctx: RequestContext
) -> Rendered:
    check_known(document, {*OPTIONS, "model", "messages"})
    opts = options(document)
    request = conversation(document.get("messages"), opts)
    try:
        choices = choices_of(router.answer(request, access, KINDS, deadline, ctx))
    except GuardrailBlocked as blocked:
        if blocked.stage == "input":
            raise
        # The model has answered; the guardrail's message replaces its text.
        choices = [Choice(blocked.message, "content_filter")] * opts.choices
    return render(choices, opts, ctx, int(time.time()))


def conversation(messages: Any, opts: Options) -> InferenceRequest:
    """Return turns and system prompt of a conversation that ends with a user message."""
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        raise BadRequest(f"'messages' must be a list of 1 to {MAX_MESSAGES} messages", "messages")
    system: list[str] = []
    turns: list[tuple[str, str]] = []
    for position, message in enumerate(messages):
        role, text = read_message(message, f"messages[{position}]")
        if role in SYSTEM:
            system.append(text)
        elif turns and turns[-1][0] == role:
            turns[-1] = (role, f"{turns[-1][1]}\n{text}")  # models require alternating roles
        else:
            turns.append((role, text))
    if not turns or turns[0][0] != "user" or turns[-1][0] != "user":
        raise BadRequest("'messages' must begin and end with a message of the user", "messages")
    parameters = {**opts.parameters, **({"system": "\n".join(system)} if system else {})}
    return InferenceRequest((turns[-1][1],) * opts.choices, parameters, tuple(turns), task="generate")


def read_message(message: Any, where: str) -> tuple[str, str]:
    """Return role and text of one message. Images, audio and tool calls are refused by their position."""
    if not isinstance(message, dict):
        raise BadRequest(f"'{where}' must be an object", where)
    role = message.get("role")
    if role not in (*SYSTEM, "user", "assistant"):
        raise BadRequest(f"'{where}.role' must be system, developer, user or assistant", f"{where}.role")
    if message.get("tool_calls"):
        raise BadRequest("this platform does not support calls of tools", f"{where}.tool_calls")
    text = content_text(message.get("content"), f"{where}.content")
    if len(text) > MAX_CHARACTERS:
        raise BadRequest(f"'{where}.content' must have 1 to {MAX_CHARACTERS} characters", f"{where}.content")
    return role, text


def content_text(content: Any, where: str) -> str:
    """Return the text of a message. Blank texts are refused for all models, since Bedrock refuses them."""
    if isinstance(content, str):
        check_said(content, where)
        return content
    if not isinstance(content, list) or not content:
        raise BadRequest(f"'{where}' must be a string or a list of text parts", where)
    for position, part in enumerate(content):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise BadRequest(
                f"'{where}[{position}]' is not text; this platform accepts no other parts", f"{where}[{position}]"
            )
        check_said(part["text"], f"{where}[{position}].text")
    return "\n".join(part["text"] for part in content)


def check_said(text: str, where: str) -> None:
    if not text.strip():
        raise BadRequest(f"'{where}' is blank: it must have at least one character that is not a space", where)


def render(choices: Sequence[Choice], opts: Options, ctx: RequestContext, now: int) -> Rendered:
    head = {"id": f"chatcmpl-{ctx.request_id}", "created": now, "model": ctx.blueprint}
    usage = usage_of(ctx.reply)
    if not opts.stream:
        rendered = [
            {
                "index": index,
                "message": {"role": "assistant", "content": choice.text, "refusal": None},
                "logprobs": None,
                "finish_reason": choice.finish_reason,
            }
            for index, choice in enumerate(choices)
        ]
        return Rendered({**head, "object": "chat.completion", "choices": rendered, "usage": usage})
    head["object"] = "chat.completion.chunk"
    events: list[dict[str, Any]] = []
    for index, choice in enumerate(choices):
        said_first = {"role": "assistant", "content": ""}
        for delta, reason in ((said_first, None), ({"content": choice.text}, None), ({}, choice.finish_reason)):
            events.append({**head, "choices": [{"index": index, "delta": delta, "finish_reason": reason}]})
    if opts.include_usage:
        events.append({**head, "choices": [], "usage": usage})
    return server_sent(events)
