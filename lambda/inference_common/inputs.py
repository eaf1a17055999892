"""Validate inputs for models: a text, a number, a list, or an object such as a row of named columns. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from inference_common.errors import LONGEST_NAME, BadRequest, clipped
from inference_common.json_input import leaves
from inference_common.model_answers import LARGEST
from inference_common.texts import RULE, flaw, kind_of, unwritable

MAX_JSON_CHARACTERS = 100_000
"""Maximum length of a list or an object, as compact JSON."""
DEEPEST = 32
"""Maximum nesting of one input. A whole document may be deeper (`json_input`), and what it wraps differs by API."""
FILE_RULE = (
    "must be the value itself: this is a file by its S3 path, and files are read by batch blueprints "
    "(POST /batch/<blueprint>) and, as uploads, by asynchronous ones"
)


def refusal(value: Any) -> str:
    """Return the rule that a value violates, and how; an empty string for a valid input."""
    if isinstance(value, str):
        wrong = flaw(value)
        return f"must be {RULE}: {wrong}" if wrong else ""
    if isinstance(value, bool) or not isinstance(value, int | float | list | dict):
        return f"must be a string, a number, a list or an object: it is {kind_of(value)}"
    if _is_file(value):
        return FILE_RULE
    if value in ([], {}):
        return f"must not be empty: it is {kind_of(value)} without values"
    if _is_deep(value):
        return f"must nest at most {DEEPEST} levels"
    return _wrong_value(value) or _too_long(value)


def text_refusal(value: Any) -> str:
    """Return the rule for texts that a value violates, and how; an empty string for a valid text."""
    wrong = flaw(value)
    return f"must be {RULE}: {wrong}" if wrong else ""


def not_text(value: Any) -> str:
    """Return why a valid input does not fit a model that takes texts only; an empty string if it does."""
    return "" if isinstance(value, str) else f"{text_refusal(value)}; the model behind this blueprint takes texts"


def check_texts(inputs: Sequence[Any]) -> None:
    """Raise `BadRequest` for an input that does not fit a model that takes texts only."""
    for position, value in enumerate(inputs):
        wrong = not_text(value)
        if wrong:
            name = f"inputs[{position}]"
            raise BadRequest(f"'{name}' {wrong}", name)


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and list(value) == ["s3"] and str(value["s3"]).startswith("s3://")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [each for inner in level for each in _inner(inner) if isinstance(each, list | dict)]
        if not level:
            return False
    return True


def _inner(value: Any) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _wrong_value(value: Any) -> str:
    """Return which value inside an input cannot be written as JSON. Parsed JSON has none, Parquet may."""
    for path, each in leaves(value):
        wrong = _wrong(each)
        if wrong:
            place = f"'{clipped(path, LONGEST_NAME)}': " if path else ""
            return f"must hold values of JSON alone: {place}{wrong}"
    return ""


def _wrong(value: Any) -> str:
    if isinstance(value, str):
        return unwritable(value)
    if isinstance(value, float):
        return "" if math.isfinite(value) else "it is NaN or Infinity, which JSON does not have"
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "" if abs(value) <= LARGEST else "it is a number that is too large"
    return f"it is {kind_of(value)}"


def _too_long(value: Any) -> str:
    if not isinstance(value, list | dict):
        return ""
    length = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if length <= MAX_JSON_CHARACTERS:
        return ""
    return f"must have at most {MAX_JSON_CHARACTERS} characters as JSON: it has {length}"
