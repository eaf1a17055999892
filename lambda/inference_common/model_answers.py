"""Validate model output before it is passed on. Pure.

This covers all sources: containers, Bedrock models and batch job output. Validated output can be written by
`json_output.dumps` and read by any client.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inference_common import json_input
from inference_common.errors import MalformedAnswer, clipped
from inference_common.json_input import DEEPEST

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""ASCII only: Python's `float` also accepts `1_0`, `nan`, `Infinity` and the digits of every script."""
LARGEST = int(1.7976931348623157e308)
LARGEST_FLOAT32 = 3.4028234663852886e38


def loads(body: bytes | str, what: str = "the model's answer") -> Any:
    """Parse a model's JSON. Raises `MalformedAnswer` with the position of the problem."""
    try:
        value = json_input.loads(body)
    except json_input.BadField as error:
        place = f" at {clipped(error.path, 80)}" if error.path else ""
        raise MalformedAnswer(f"{what} is not JSON ({clipped(str(error), 120)}{place})") from None
    except ValueError as error:
        raise MalformedAnswer(f"{what} is not JSON ({clipped(str(error), 120)})") from None
    return checked(value, what)


def checked(value: Any, what: str = "the model's answer") -> Any:
    """Return a value that JSON can represent. Raises `MalformedAnswer` with the path of the problem."""
    level: list[tuple[str, Any]] = [("", value)]
    for _ in range(DEEPEST + 1):
        inner: list[tuple[str, Any]] = []
        for place, each in level:
            wrong = _wrong(each)
            if wrong:
                raise MalformedAnswer(f"{what} has {wrong}{f' at {clipped(place, 80)}' if place else ''}")
            inner += _inner(place, each)
        if not inner:
            return value
        level = inner
    raise MalformedAnswer(f"{what} nests deeper than {DEEPEST} levels")


def _inner(place: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield f"{place}.{name}" if place else str(name), each
            if not (isinstance(name, str) and name.isascii()):
                yield f"{place} (a name)".strip(), name
    elif isinstance(value, list | tuple):
        # Vectors are long: check all numbers at once, and each only if that fails.
        if all(type(each) is float for each in value) and all(map(math.isfinite, value)):
            return
        for index, each in enumerate(value):
            yield f"{place}[{index}]", each


def _wrong(value: Any) -> str | None:
    """Describe what JSON cannot represent, or return None."""
    if isinstance(value, str):
        return None if is_text(value) else "half of a surrogate pair, which is not a character,"
    if isinstance(value, bool) or value is None or isinstance(value, Mapping | list | tuple):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else "a number that JSON cannot hold (NaN, Infinity, or too large)"
    if isinstance(value, int):
        return None if abs(value) <= LARGEST else "a number that is too large"
    return f"a value of a kind that JSON does not have ({type(value).__name__})"


def is_text(value: str) -> bool:
    """Return whether a string is free of lone surrogates."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def text(body: bytes, what: str = "the model's answer") -> str:
    """Decode text output. Raises `MalformedAnswer` if it is not UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedAnswer(f"{what} is not UTF-8 (byte {error.start + 1})") from None


def number(cell: str) -> float:
    """Parse a number in a CSV cell. Raises `MalformedAnswer`."""
    plain = cell.strip(" \t")
    value = float(plain) if NUMBER.fullmatch(plain) else math.nan
    if not math.isfinite(value):
        raise MalformedAnswer(f"the model's answer has a prediction that is not a number: '{clipped(cell, 40)}'")
    return value


def vector(value: Any) -> list[float]:
    """Return an embedding. Raises `MalformedAnswer` for anything but 32-bit floats, the type that clients get."""
    if not isinstance(value, list) or not value or not all(type(each) in (int, float) for each in value):
        raise MalformedAnswer("the model's answer has no vector of numbers")
    if not all(-LARGEST_FLOAT32 <= each <= LARGEST_FLOAT32 for each in value):
        raise MalformedAnswer("the model's answer has a vector with a number that is NaN, Infinity or too large")
    return value


def count(value: Any) -> int | None:
    """Return a token count; None if it is missing or invalid."""
    return value if type(value) is int and 0 <= value < 2**53 else None


def counts(names: Mapping[str, str], usage: Any) -> dict[str, int] | None:
    """Return token counts under the platform's names; None unless all are present."""
    given = usage if isinstance(usage, Mapping) else {}
    numbers = {ours: count(given.get(theirs)) for ours, theirs in names.items()}
    return (
        {name: value for name, value in numbers.items() if value is not None} if None not in numbers.values() else None
    )


def total(counted: Sequence[Mapping[str, int] | None]) -> dict[str, int] | None:
    """Sum the token usage of several answers; None if any is missing, since a part is not the total."""
    present = [each for each in counted if each]
    if not present or len(present) < len(counted):
        return None
    return {name: sum(each.get(name, 0) for each in present) for name in present[0]}
