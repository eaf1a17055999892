"""The request and response bodies of InvokeModel: every model family has its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.services.bedrock import conversation
from emulator.services.bedrock.conversation import InvalidRequest
from emulator.services.bedrock.text_model import Completion, Prompt


@dataclass(frozen=True)
class Family:
    """The request and response bodies of a family of models."""

    read: Callable[[dict[str, Any]], Prompt]
    write: Callable[[Completion], dict[str, Any]]


def family_of(model_id: str) -> Family:
    """Return a model's family by the provider and model in its id, after the region prefix of a profile (`us.`)."""
    for marker, family in FAMILIES:
        if marker in model_id:
            return family
    raise InvalidRequest("The provided model identifier is invalid.")


def content_text(content: Any) -> str:
    """Return the text of a message's content, which is a string or a list of blocks."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        raise InvalidRequest("Malformed input request: message content is empty")
    return "\n".join(str(_guarded(block).get("text", "")) for block in content)


def _guarded(block: Any) -> Any:
    """Return the text inside a block that is marked for guardrails, which is part of the message like any other."""
    return block["guardContent"]["text"] if "guardContent" in block else block


def turns(messages: Any) -> tuple[str, ...]:
    """Return the texts of a checked conversation."""
    return tuple(content_text(message.get("content")) for message in messages)


def system_text(system: Any) -> str:
    return content_text(system) if system else ""


def prompt(
    texts: tuple[str, ...],
    *,
    system: str = "",
    max_tokens: Any = None,
    temperature: Any = None,
    top_p: Any = None,
    stop: Any = None,
) -> Prompt:
    """Make a prompt and check the limits of the models, whose messages differ and are assumed here."""
    limit = 512 if max_tokens is None else max_tokens
    heat = 0.7 if temperature is None else temperature
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidRequest(f"Malformed input request: max tokens must be at least 1, got {limit}")
    for name, value in (("temperature", heat), ("top p", 1 if top_p is None else top_p)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise InvalidRequest(f"Malformed input request: {name} must be between 0 and 1, got {value}")
    stops = [] if stop is None else stop
    if not isinstance(stops, list) or not all(isinstance(each, str) and each for each in stops):
        raise InvalidRequest("Malformed input request: stop sequences: expected type: JSONArray of strings")
    return Prompt(texts, system=system, max_tokens=limit, temperature=float(heat), stop_sequences=tuple(stops))


def converse_prompt(model: str, messages: Any, system: Any, options: dict[str, Any]) -> Prompt:
    """Return the prompt of a request of Converse, or of the members that Nova's bodies share with it."""
    if not isinstance(messages, list) or not all(
        isinstance(each, dict) and isinstance(each.get("role"), str) and _is_blocks(each.get("content"))
        for each in messages
    ):
        raise InvalidRequest("Malformed input request: #/messages: expected type: JSONArray")
    if system is not None and not _is_blocks(system):
        raise InvalidRequest("Malformed input request: #/system: expected type: JSONArray")
    conversation.check(model, messages, system or ())
    conversation.check_tokens(model, options.get("maxTokens"))
    return prompt(
        turns(messages),
        system=system_text(system),
        max_tokens=options.get("maxTokens"),
        temperature=options.get("temperature"),
        top_p=options.get("topP"),
        stop=options.get("stopSequences"),
    )


def _is_blocks(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _read_anthropic(body: dict[str, Any]) -> Prompt:
    if not body.get("anthropic_version"):
        raise InvalidRequest("anthropic_version: Field required")
    if "max_tokens" not in body:
        raise InvalidRequest("max_tokens: Field required")
    conversation.check_anthropic(body.get("messages"), body.get("system"))
    return prompt(
        turns(body.get("messages")),
        system=system_text(body.get("system")),
        max_tokens=body["max_tokens"],
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        stop=body.get("stop_sequences"),
    )


def _write_anthropic(done: Completion) -> dict[str, Any]:
    return {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": done.text}],
        "stop_reason": done.stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": done.input_tokens, "output_tokens": done.output_tokens},
    }


def _read_nova(body: dict[str, Any]) -> Prompt:
    options = dict(object_member(body, "inferenceConfig"))
    options.setdefault("maxTokens", options.get("max_new_tokens"))
    return converse_prompt("amazon.nova-", body.get("messages"), body.get("system"), options)


def converse_output(done: Completion) -> dict[str, Any]:
    """Return a completion in the format of Converse, which is also that of Nova."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": done.text}]}},
        "stopReason": done.stop_reason,
        "usage": {
            "inputTokens": done.input_tokens,
            "outputTokens": done.output_tokens,
            "totalTokens": done.input_tokens + done.output_tokens,
        },
    }


def _read_titan(body: dict[str, Any]) -> Prompt:
    options = object_member(body, "textGenerationConfig")
    return prompt(
        (_required(body, "inputText"),),
        max_tokens=options.get("maxTokenCount"),
        temperature=options.get("temperature"),
        top_p=options.get("topP"),
        stop=options.get("stopSequences"),
    )


def _write_titan(done: Completion) -> dict[str, Any]:
    reason = {"end_turn": "FINISH", "max_tokens": "LENGTH", "stop_sequence": "STOP_CRITERIA_MET"}[done.stop_reason]
    result = {"tokenCount": done.output_tokens, "outputText": done.text, "completionReason": reason}
    return {"inputTextTokenCount": done.input_tokens, "results": [result]}


def _read_llama(body: dict[str, Any]) -> Prompt:
    return prompt(
        (_required(body, "prompt"),),
        max_tokens=body.get("max_gen_len"),
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
    )


def _write_llama(done: Completion) -> dict[str, Any]:
    return {
        "generation": done.text,
        "prompt_token_count": done.input_tokens,
        "generation_token_count": done.output_tokens,
        "stop_reason": "length" if done.stop_reason == "max_tokens" else "stop",
    }


def _read_mistral(body: dict[str, Any]) -> Prompt:
    return prompt(
        (_required(body, "prompt"),),
        max_tokens=body.get("max_tokens"),
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        stop=body.get("stop"),
    )


def _write_mistral(done: Completion) -> dict[str, Any]:
    return {"outputs": [{"text": done.text, "stop_reason": "length" if done.stop_reason == "max_tokens" else "stop"}]}


def object_member(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a member that must be a JSON object; empty if it is missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"Malformed input request: #/{name}: expected type: JSONObject")
    return value or {}


def _required(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"Malformed input request: #: required key [{name}] not found")
    return value


FAMILIES: tuple[tuple[str, Family], ...] = (
    ("anthropic.", Family(_read_anthropic, _write_anthropic)),
    ("amazon.nova", Family(_read_nova, converse_output)),
    ("amazon.titan-text", Family(_read_titan, _write_titan)),
    ("meta.llama", Family(_read_llama, _write_llama)),
    ("mistral.", Family(_read_mistral, _write_mistral)),
)
