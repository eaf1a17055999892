"""Validate the fields of a request body. Unsupported ones are refused by name. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from inference_common.errors import BadRequest

MAX_CHOICES = 8
MAX_STOPS = 4
HARMLESS = {"user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier"}
"""Ignored: they do not change the answer."""

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False, 0),
    "top_logprobs": (0,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "store": (False,),
    "echo": (False,),
    "best_of": (1,),
    "suffix": ("",),
}
"""Values that clients send by default and that mean the same as omitting the field."""


@dataclass(frozen=True)
class Options:
    """Options of a request beside its prompt."""

    parameters: dict[str, Any]
    choices: int = 1
    stream: bool = False
    include_usage: bool = False


OPTIONS = {
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "n",
    "stream",
    "stream_options",
}


def check_known(document: Mapping[str, Any], taken: Collection[str]) -> None:
    for name, value in document.items():
        if value is None or name in taken or name in HARMLESS:
            continue
        if value not in NEUTRAL.get(name, ()):
            raise BadRequest(f"this platform does not support the parameter '{name}'", name)


def required_text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"'{name}' must be a string that is not empty", name)
    return value


def integer(document: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadRequest(f"'{name}' must be an integer from {low} to {high}", name)
    return value


def number(document: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadRequest(f"'{name}' must be a number from {low:g} to {high:g}", name)
    return value


def flag(document: Mapping[str, Any], name: str, where: str = "") -> bool:
    value = document.get(name)
    if value not in (None, True, False):
        raise BadRequest(f"'{where}{name}' must be true or false", f"{where}{name}")
    return bool(value)


def stops(document: Mapping[str, Any]) -> list[str] | None:
    value = document.get("stop")
    if value is None:
        return None
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or len(texts) > MAX_STOPS or not all(isinstance(s, str) and s for s in texts):
        raise BadRequest(f"'stop' must be a string or a list of up to {MAX_STOPS}", "stop")
    return texts


def options(document: Mapping[str, Any]) -> Options:
    """Read the text generation options, with the platform's parameter names."""
    limit = integer(document, "max_completion_tokens", 1, 1_000_000)
    fields = {
        "max_tokens": limit if limit is not None else integer(document, "max_tokens", 1, 1_000_000),
        "temperature": number(document, "temperature", 0, 2),
        "top_p": number(document, "top_p", 0, 1),
        "stop_sequences": stops(document) or None,
    }
    stream_options = document.get("stream_options") or {}
    if not isinstance(stream_options, dict):
        raise BadRequest("'stream_options' must be an object", "stream_options")
    return Options(
        parameters={name: value for name, value in fields.items() if value is not None},
        choices=integer(document, "n", 1, MAX_CHOICES) or 1,
        stream=flag(document, "stream"),
        include_usage=flag(stream_options, "include_usage", "stream_options."),
    )
