"""Type expressions of Terraform variables: `object({a = optional(string, "x")})` as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"\s*([A-Za-z_][\w-]*)\s*")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Type:
    """`name` is `string`, `list(string)`, `object`, `map(object)` …; an object has fields."""

    name: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Field:
    name: str
    type: Type
    optional: bool = False
    default: str | None = None
    """As written; `None`: null when optional, else there is none."""


def parse(text: str) -> Type:
    """Parse a type expression. Raises `ValueError` if it is not one."""
    text = text.strip()
    called = re.match(r"(\w+)\s*\((.*)\)$", text, re.DOTALL)
    if not called:
        if not re.fullmatch(r"\w+", text):
            raise ValueError(f"no type: {text!r}")
        return Type(text)
    kind, inner = called[1], called[2].strip()
    if kind == "object":
        return Type("object", tuple(_fields(inner)))
    if kind == "tuple":
        return Type(f"tuple({', '.join(parse(part).name for part in _split(inner[1:-1]))})")
    element = parse(inner)
    return Type(f"{kind}({element.name})", element.fields)


def _fields(body: str) -> Iterator[Field]:
    if not (body.startswith("{") and body.endswith("}")):
        raise ValueError(f"no object: {body!r}")
    for part in _split(body[1:-1]):
        name, _, expression = part.partition("=")
        yield _field(name.strip(), expression.strip())


def _field(name: str, expression: str) -> Field:
    wrapped = re.match(r"optional\((.*)\)$", expression, re.DOTALL)
    if not wrapped:
        return Field(name, parse(expression))
    kind, *default = _split(wrapped[1], ",")
    return Field(name, parse(kind), optional=True, default=", ".join(default) if default else None)


def _split(text: str, separators: str = ",\n") -> list[str]:
    """Split at separators outside brackets and strings; empty parts are left out."""
    parts, depth, quoted, start = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == '"' and text[position - 1 : position] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif letter in _OPEN:
            depth += 1
        elif letter in _CLOSE:
            depth -= 1
        elif letter in separators and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]
