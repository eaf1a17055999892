"""Validation of requests against AWS's service models, as the services themselves do it. Pure.

Botocore checks types and lower bounds before it sends, and nothing else; other clients check less. So limits,
enumerations, patterns and required members are checked here, from the same models, and reported in AWS's words: `1
validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have
value less than or equal to 1`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape

KINDS: dict[str, type | tuple[type, ...]] = {
    "structure": Mapping,
    "map": Mapping,
    "list": list,
    "string": str,
    "timestamp": (str, int, float),
    "blob": (str, bytes),
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}
NUMBERS = ("integer", "long", "float", "double")
SHOWN = 100
"""Characters of a value that a message quotes."""


class WrongType(Exception):
    """A SerializationException with this message: the service reads nothing further."""


def refusal(shape: Shape, value: Any) -> str | None:
    """Return the message of the ValidationException if a request violates its shape. Raises `WrongType`."""
    errors = list(violations(shape, value))
    if not errors:
        return None
    count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''}"
    return f"{count} detected: {'; '.join(errors)}"


def violations(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    kind = shape.type_name
    if getattr(shape, "is_document_type", False) or kind not in KINDS:
        return
    wrong = not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")
    if wrong or (kind in NUMBERS and not math.isfinite(value)):
        # The words are assumed; that such a request is refused before it is validated is Smithy's protocol.
        raise WrongType(f"{path or 'The body'}: a value of type {kind} is expected.")
    if kind == "structure":
        yield from _structure(shape, value, path)
        return
    if kind == "list":
        for number, item in enumerate(value, start=1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
    if kind == "map":
        for name, item in value.items():
            yield from violations(shape.value, item, f"{path}.{name}.member")
    for rule in broken_rules(shape, value):
        yield f"Value {_shown(shape, value)}at '{path}' failed to satisfy constraint: {rule}"


def _structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    inside = f"{path}." if path else ""
    given = {name: each for name, each in value.items() if name in shape.members and each is not None}
    if getattr(shape, "is_tagged_union", False) and len(given) != 1:
        known = ", ".join(shape.members)
        raise WrongType(f"{path}: exactly one of its members is expected: {known}.")  # assumed words
    for name in shape.required_members:
        if name not in given:
            yield f"Value null at '{inside}{name}' failed to satisfy constraint: Member must not be null"
    for name, each in given.items():
        yield from violations(shape.members[name], each, f"{inside}{name}")


def broken_rules(shape: Any, value: Any) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    sized = shape.type_name not in NUMBERS
    size, what = (len(value), "length") if sized else (value, "value")
    if low is not None and size < low:
        yield f"Member must have {what} greater than or equal to {low}"
    if high is not None and size > high:
        yield f"Member must have {what} less than or equal to {high}"
    if shape.type_name != "string":
        return
    enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if enum and value not in enum:
        yield f"Member must satisfy enum value set: [{', '.join(enum)}]"
    if pattern and not _matches(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # written for Java only (`\p{L}`): not checked


def _shown(shape: Any, value: Any) -> str:
    hidden = shape.metadata.get("sensitive") or shape.type_name in ("list", "map", "blob")
    return "" if hidden else f"'{str(value)[:SHOWN]}' "
