"""Validate column types of the Glue catalogue, which have Hive's names. Pure.

Types and lengths are those of https://docs.aws.amazon.com/athena/latest/ug/data-types.html; the longest `varchar`,
65535, is from its edition of 2020; the current one has no limit. Narrower than Athena on purpose: `char` requires a
length, and `integer`, which Athena's DDL has not always accepted, is rejected in favour of `int`.
"""

from __future__ import annotations

import re

from orchestrator.config.problems import InvalidValue, nearest

PRIMITIVES = (
    "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp",
)  # fmt: skip
LENGTHS = {"char": 255, "varchar": 65_535}
"""Types with a length, and its maximum."""
MOST_DIGITS = 38
"""Maximum precision of a `decimal`."""
NESTED = ("array", "map", "struct")
KNOWN = (*PRIMITIVES, *LENGTHS, "decimal", *NESTED)
NAME = re.compile(r"[a-z_][a-z0-9_]*")
DEEPEST = 50


def check(text: str) -> None:
    """Reject a text that is not a type of Glue and Athena.

    Raises:
        InvalidValue: with the invalid part.
    """
    rest = _type(text, 0)
    if rest:
        raise InvalidValue(f"has `{rest[:20]}` after the type")


def _type(text: str, depth: int) -> str:
    """Parse the type at the beginning of `text` and return the rest."""
    match = re.match(r"[A-Za-z_]\w*", text)
    name = match[0] if match else text[:20]
    if name not in KNOWN or depth > DEEPEST:
        rule = f"has `{name}`, which is not a type; available: {', '.join(KNOWN)}"
        raise InvalidValue(
            rule, {"integer": "int", "text": "string", "long": "bigint"}.get(name) or nearest(name, KNOWN)
        )
    rest = text[len(name) :]
    if name in LENGTHS:
        return _length(name, rest)
    if name == "decimal":
        return _digits(rest)
    return _parts(name, rest, depth) if name in NESTED else rest


def _length(name: str, rest: str) -> str:
    match = re.match(r"\((\d{1,6})\)", rest)
    if not match or not 1 <= int(match[1]) <= LENGTHS[name]:
        raise InvalidValue(f"requires a length for {name}, from 1 to {LENGTHS[name]}", f"{name}(10)")
    return rest[match.end() :]


def _digits(rest: str) -> str:
    if not rest.startswith("("):
        return rest
    match = re.match(r"\((\d{1,3})(?:, ?(\d{1,3}))?\)", rest)
    if not match or not 1 <= int(match[1]) <= MOST_DIGITS or int(match[2] or 0) > int(match[1]):
        raise InvalidValue(
            f"requires a precision of 1 to {MOST_DIGITS} for decimal, and a scale not greater than it", "decimal(10,2)"
        )
    return rest[match.end() :]


def _parts(name: str, rest: str, depth: int) -> str:
    examples = {"array": "array<string>", "map": "map<string,double>", "struct": "struct<id:string,rating:double>"}
    if not rest.startswith("<"):
        raise InvalidValue(f"requires an element type for {name}", examples[name])
    count, rest = 0, f",{rest[1:]}"
    while rest.startswith(",") and count < 1000:
        rest, count = rest[1:].lstrip(" "), count + 1
        if name == "struct":
            field = NAME.match(rest)
            if not field or not rest[field.end() :].startswith(":"):
                raise InvalidValue("must name each field of struct as name:type", examples[name])
            rest = rest[field.end() + 1 :]
        rest = _type(rest, depth + 1)
    if not rest.startswith(">") or count != {"array": 1, "map": 2}.get(name, count):
        raise InvalidValue(f"has a malformed {name}", examples[name])
    return rest[1:]
