"""Define and parse the request schema that all blueprints share.

{"inputs": [<text, number, list or object>, …], "parameters": {…}}
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from inference_common.encoding import NotUtf8, OtherEncoding
from inference_common.errors import LONGEST_NAME, BadRequest, clipped
from inference_common.inputs import refusal, text_refusal
from inference_common.json_input import BadField, NotJson, TooDeep, loads_given
from inference_common.texts import MAX_CHARACTERS

__all__ = [
    "MAX_CHARACTERS",
    "MAX_INPUTS",
    "InferenceRequest",
    "Task",
    "body_of",
    "checked",
    "checked_texts",
    "parse_object",
    "parse_request",
]

MAX_INPUTS = 100
Task = Literal["generate", "embed"]
FIELDS = {"inputs", "parameters"}


@dataclass(frozen=True)
class InferenceRequest:
    """A request to a model, from any API.

    Each input is a text, a number, a list or an object. `turns` is a conversation as (role, text), ending with the
    user; with it, every input stands for one more answer to the same conversation. `task` is None if the model
    decides: one for embeddings embeds, the others generate.
    """

    inputs: tuple[Any, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    turns: tuple[tuple[str, str], ...] = ()
    task: Task | None = None


def body_of(event: Mapping[str, Any]) -> bytes:
    """Return the raw body of an API Gateway proxy event."""
    body = str(event.get("body") or "")
    try:
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise BadRequest("the body is not UTF-8 text") from None


def parse_object(body: str | bytes) -> dict[str, Any]:
    """Parse a JSON object. Raises `BadRequest` with the position of the problem."""
    try:
        document = loads_given(body)
    except ValueError as error:
        raise BadRequest(why_not_json(error, "the body"), getattr(error, "path", None) or None) from None
    if not isinstance(document, dict):
        raise BadRequest("the body must be a JSON object")
    return document


def why_not_json(error: ValueError, what: str, line: bool = True) -> str:
    """Explain why JSON is refused. If `what` already names a line, only the column is added."""
    if isinstance(error, BadField):
        field = f"'{clipped(error.path, LONGEST_NAME)}': " if error.path else ""
        return f"{what} is not taken: {field}{error}"
    if isinstance(error, NotUtf8 | OtherEncoding):
        return f"{what} is not UTF-8 text: {error}"
    if isinstance(error, NotJson):
        place = f"line {error.line} column {error.column}" if line else f"column {error.column}"
        return f"{what} is not JSON: {error.words} at {place}"
    if isinstance(error, TooDeep):
        return f"{what} is not JSON that is read here: {error if line else error.in_line}"
    return f"{what} is not JSON"


def parse_request(body: str | bytes, at_most: int = MAX_INPUTS) -> InferenceRequest:
    """Parse a request. Raises `BadRequest` naming field and rule."""
    document = parse_object(body)
    unknown = sorted(set(document) - FIELDS)
    if unknown:
        raise BadRequest(f"unknown field '{unknown[0]}'; a request has {' and '.join(sorted(FIELDS))}", unknown[0])
    inputs = document.get("inputs")
    if not isinstance(inputs, list):
        raise BadRequest(f"'inputs' must be a list of 1 to {at_most} inputs", "inputs")
    parameters = document.get("parameters", {})
    if not isinstance(parameters, dict):
        raise BadRequest("'parameters' must be an object", "parameters")
    return InferenceRequest(checked(inputs, at_most=at_most), parameters)


def checked(inputs: Sequence[Any], at_most: int = MAX_INPUTS) -> tuple[Any, ...]:
    """Return the inputs if their number, sizes and values are within limits. Raises `BadRequest`."""
    return _checked(inputs, "inputs", at_most, "inputs", refusal)


def checked_texts(texts: Sequence[Any], field_name: str) -> tuple[str, ...]:
    """Return the texts of a field that holds nothing else, within the same limits. Raises `BadRequest`."""
    return _checked(texts, field_name, MAX_INPUTS, "strings", text_refusal)


def _checked(
    values: Sequence[Any], field_name: str, at_most: int, of_what: str, refused: Callable[[Any], str]
) -> tuple[Any, ...]:
    if not 1 <= len(values) <= at_most:
        raise BadRequest(f"'{field_name}' must be a list of 1 to {at_most} {of_what}", field_name)
    for position, value in enumerate(values):
        wrong = refused(value)
        if wrong:
            name = f"{field_name}[{position}]"
            raise BadRequest(f"'{name}' {wrong}", name)
    return tuple(values)
