"""The request schema that all blueprints and both model sources share.

{"inputs": ["text", …], "parameters": {…}}
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from inference_common.errors import BadRequest
from inference_common.json_input import loads

MAX_INPUTS = 100
MAX_CHARACTERS = 20_000
FIELDS = {"inputs", "parameters"}


@dataclass(frozen=True)
class InferenceRequest:
    """What is asked of a model, whichever face of the API it came through.

    `turns` is a conversation as (role, text), the last one being the user's; with it, every input stands for
    one more answer to the same conversation. `task` is "embed" where vectors are wanted and no text.
    """

    inputs: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    turns: tuple[tuple[str, str], ...] = ()
    task: Literal["generate", "embed"] = "generate"


def body_of(event: Mapping[str, Any]) -> str:
    """The body of an API Gateway proxy event as text."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BadRequest("the body is not UTF-8 text") from None


def parse_object(body: str) -> dict[str, Any]:
    """A JSON object, or a BadRequest."""
    try:
        document = loads(body)
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(document, dict):
        raise BadRequest("the body must be a JSON object")
    return document


def parse_request(body: str, at_most: int = MAX_INPUTS) -> InferenceRequest:
    """The request in a body, or a BadRequest that names the field and the rule."""
    document = parse_object(body)
    unknown = sorted(set(document) - FIELDS)
    if unknown:
        raise BadRequest(f"unknown field '{unknown[0]}'; a request has {' and '.join(sorted(FIELDS))}", unknown[0])
    inputs = document.get("inputs")
    if not isinstance(inputs, list):
        raise BadRequest(f"'inputs' must be a list of 1 to {at_most} strings", "inputs")
    parameters = document.get("parameters", {})
    if not isinstance(parameters, dict):
        raise BadRequest("'parameters' must be an object", "parameters")
    return InferenceRequest(checked(inputs, at_most=at_most), parameters)


def checked(inputs: Sequence[Any], field_name: str = "inputs", at_most: int = MAX_INPUTS) -> tuple[str, ...]:
    """The texts, if there are neither too many nor too long ones."""
    if not 1 <= len(inputs) <= at_most:
        raise BadRequest(f"'{field_name}' must be a list of 1 to {at_most} strings", field_name)
    for position, text in enumerate(inputs):
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARACTERS:
            name = f"{field_name}[{position}]"
            raise BadRequest(f"'{name}' must be a string of 1 to {MAX_CHARACTERS} characters", name)
    return tuple(inputs)
