"""Render OpenAI responses, as JSON or as server-sent events. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference_common.json_output import dumps
from inference_routing.dispatch import Reply

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


@dataclass(frozen=True)
class Rendered:
    body: Mapping[str, Any] | str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    text: str
    finish_reason: str


def choices_of(reply: Reply) -> list[Choice]:
    """Return the text of each output, or the output as JSON, such as a label with its score."""
    stops = reply.stops or ("end_turn",) * len(reply.outputs)
    return [
        Choice(output["text"] if "text" in output else dumps(output), FINISH.get(stop, "stop"))
        for output, stop in zip(reply.outputs, stops, strict=False)
    ]


def usage_of(reply: Reply | None) -> dict[str, int] | None:
    """Return the token usage, or None if the model counts none."""
    if reply is None or reply.usage is None:
        return None
    prompt, completion = reply.usage.get("inputTokens", 0), reply.usage.get("outputTokens", 0)
    total = reply.usage.get("totalTokens", prompt + completion)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


def server_sent(events: Sequence[Mapping[str, Any]]) -> Rendered:
    """Render all events of a stream at once, since a REST API buffers a function's response."""
    lines = [f"data: {dumps(event)}\n\n" for event in events]
    headers = {"content-type": "text/event-stream", "cache-control": "no-cache", "x-stream": "buffered"}
    return Rendered("".join([*lines, "data: [DONE]\n\n"]), headers)
