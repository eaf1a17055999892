"""The request schema that all blueprints and both model sources share.

{"inputs": ["text", …], "parameters": {…}}
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inference_common.errors import BadRequest

MAX_INPUTS = 100
MAX_CHARACTERS = 20_000
FIELDS = {"inputs", "parameters"}


@dataclass(frozen=True)
class InferenceRequest:
    inputs: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def body_of(event: Mapping[str, Any]) -> str:
    """The body of an API Gateway proxy event as text."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BadRequest("the body is not UTF-8 text") from None


def parse_request(body: str) -> InferenceRequest:
    """The request in a body, or a BadRequest that names the field and the rule."""
    try:
        document = json.loads(body)
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(document, dict):
        raise BadRequest("the body must be a JSON object")
    unknown = sorted(set(document) - FIELDS)
    if unknown:
        raise BadRequest(f"unknown field '{unknown[0]}'; a request has {' and '.join(sorted(FIELDS))}")
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= MAX_INPUTS:
        raise BadRequest(f"'inputs' must be a list of 1 to {MAX_INPUTS} strings")
    for position, text in enumerate(inputs):
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARACTERS:
            raise BadRequest(f"'inputs[{position}]' must be a string of 1 to {MAX_CHARACTERS} characters")
    parameters = document.get("parameters", {})
    if not isinstance(parameters, dict):
        raise BadRequest("'parameters' must be an object")
    return InferenceRequest(tuple(inputs), parameters)
