"""Build and parse InvokeModel bodies by model family, for Bedrock models without Converse. Pure.

A family is recognized by a part of the model id, whatever its region prefix (`us.`) or version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from inference_common import model_answers
from inference_common.errors import BadRequest, MalformedAnswer
from inference_common.parameters import GENERATION, Takes
from inference_common.requests import InferenceRequest

Body = dict[str, Any]
TAKES = Takes(GENERATION, unstated_tokens=512)
NOVA = Takes(GENERATION, unstated_tokens=2048)
WITHOUT_STOPS = Takes(("max_tokens", "temperature", "top_p", "system"), unstated_tokens=512)
STOPS = {
    "FINISH": "end_turn",
    "LENGTH": "max_tokens",
    "STOP_CRITERIA_MET": "stop_sequence",
    "CONTENT_FILTERED": "content_filtered",
    "stop": "end_turn",
    "length": "max_tokens",
}


class ModelText(NamedTuple):
    """The text of one answer, its stop reason, and its token usage if the body contains it."""

    text: str
    stop: str
    usage: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Family:
    write: Callable[[str, InferenceRequest], Body]
    read: Callable[[Any], ModelText]
    takes: Takes = TAKES


def of(model: str) -> Family:
    for marker, family in FAMILIES:
        if marker in model:
            return family
    known = ", ".join(marker for marker, _ in FAMILIES)
    raise BadRequest(f"the model behind this blueprint is of no family that InvokeModel is known for ({known})")


def _only(body: Mapping[str, Any]) -> Body:
    return {name: value for name, value in body.items() if value is not None}


def _usage(counts: Any, read: str, written: str) -> dict[str, int] | None:
    return model_answers.counts({"inputTokens": read, "outputTokens": written}, counts)


def _turns(text: str, request: InferenceRequest) -> tuple[tuple[str, str], ...]:
    return request.turns or (("user", text),)


def _flat(text: str, request: InferenceRequest) -> str:
    """Build one prompt for models without roles, ending with the model's turn."""
    lines = [str(request.parameters["system"])] if "system" in request.parameters else []
    return "\n".join([*lines, *(content for _, content in _turns(text, request))])


def _anthropic(text: str, request: InferenceRequest) -> Body:
    given = request.parameters
    return _only(
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": given.get("max_tokens", 512),
            "messages": [{"role": role, "content": content} for role, content in _turns(text, request)],
            "system": given.get("system"),
            "temperature": given.get("temperature"),
            "top_p": given.get("top_p"),
            "stop_sequences": given.get("stop_sequences"),
        }
    )


def _from_anthropic(answer: Any) -> ModelText:
    text = "".join(part.get("text", "") for part in answer["content"])
    return ModelText(text, answer["stop_reason"], _usage(answer.get("usage"), "input_tokens", "output_tokens"))


def _nova(text: str, request: InferenceRequest) -> Body:
    given = request.parameters
    config = _only(
        {
            "maxTokens": given.get("max_tokens"),
            "temperature": given.get("temperature"),
            "topP": given.get("top_p"),
            "stopSequences": given.get("stop_sequences"),
        }
    )
    messages = [{"role": role, "content": [{"text": content}]} for role, content in _turns(text, request)]
    system = [{"text": str(given["system"])}] if "system" in given else None
    return _only({"messages": messages, "system": system, "inferenceConfig": config or None})


def _from_nova(answer: Any) -> ModelText:
    text = "".join(part.get("text", "") for part in answer["output"]["message"]["content"])
    return ModelText(text, answer["stopReason"], _usage(answer.get("usage"), "inputTokens", "outputTokens"))


def _titan(text: str, request: InferenceRequest) -> Body:
    given = request.parameters
    config = _only(
        {
            "maxTokenCount": given.get("max_tokens"),
            "temperature": given.get("temperature"),
            "topP": given.get("top_p"),
            "stopSequences": given.get("stop_sequences"),
        }
    )
    return {"inputText": _flat(text, request), **({"textGenerationConfig": config} if config else {})}


def _from_titan(answer: Any) -> ModelText:
    result = answer["results"][0]
    counts = {"read": answer.get("inputTextTokenCount"), "written": result.get("tokenCount")}
    usage = _usage(counts, "read", "written")
    return ModelText(result["outputText"], STOPS.get(result.get("completionReason"), "end_turn"), usage)


def _llama(text: str, request: InferenceRequest) -> Body:
    given = request.parameters
    body = {
        "max_gen_len": given.get("max_tokens"),
        "temperature": given.get("temperature"),
        "top_p": given.get("top_p"),
    }
    return {"prompt": _flat(text, request), **_only(body)}


def _from_llama(answer: Any) -> ModelText:
    usage = _usage(answer, "prompt_token_count", "generation_token_count")
    return ModelText(answer["generation"], STOPS.get(answer.get("stop_reason"), "end_turn"), usage)


def _mistral(text: str, request: InferenceRequest) -> Body:
    given = request.parameters
    names = {"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "stop_sequences": "stop"}
    return {"prompt": _flat(text, request), **_only({theirs: given.get(ours) for ours, theirs in names.items()})}


def _from_mistral(answer: Any) -> ModelText:
    output = answer["outputs"][0]
    return ModelText(output["text"], STOPS.get(output.get("stop_reason"), "end_turn"))


FAMILIES: tuple[tuple[str, Family], ...] = (
    ("anthropic.", Family(_anthropic, _from_anthropic)),
    ("amazon.nova", Family(_nova, _from_nova, NOVA)),
    ("amazon.titan-text", Family(_titan, _from_titan)),
    ("meta.llama", Family(_llama, _from_llama, WITHOUT_STOPS)),
    ("mistral.", Family(_mistral, _from_mistral)),
)


def read_answer(family: Family, answer: Any) -> ModelText:
    """Parse a body. Raises `MalformedAnswer`."""
    try:
        result = family.read(answer)
    except (KeyError, IndexError, TypeError, AttributeError):
        raise MalformedAnswer("the model's answer holds no text") from None
    if not isinstance(result.text, str) or not isinstance(result.stop, str):
        raise MalformedAnswer("the model's answer holds no text")
    return result
