"""Column types of the Glue catalogue, as Hive names them and Athena reads them. Pure.

Types and lengths are those of https://docs.aws.amazon.com/athena/latest/ug/data-types.html; the longest `varchar`,
65535, is that of its edition of 2020, the present one names none. Narrower than Athena on purpose: `char` says its
length, and `integer`, which Athena's own DDL has not always taken, is `int`.
"""

from __future__ import annotations

import re

from orchestrator.config.problems import nearest

PRIMITIVES = (
    "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp",
)  # fmt: skip
LENGTHS = {"char": 255, "varchar": 65_535}
"""Types that take a length, and the longest."""
MOST_DIGITS = 38
"""Of a `decimal`."""
NESTED = ("array", "map", "struct")
KNOWN = (*PRIMITIVES, *LENGTHS, "decimal", *NESTED)
NAME = re.compile(r"[a-z_][a-z0-9_]*")
DEEPEST = 50


class BadType(ValueError):
    """What is no type; the message says why, `suggestion` what was probably meant."""

    def __init__(self, rule: str, suggestion: str | None = None) -> None:
        super().__init__(rule)
        self.suggestion = suggestion


def check(text: str) -> None:
    """Refuse what Glue or Athena would not read as a type.

    Raises:
        BadType: with the part that is wrong.
    """
    rest = _type(text, 0)
    if rest:
        raise BadType(f"has `{rest[:20]}` after its end")


def _type(text: str, depth: int) -> str:
    """What is left after the type that `text` begins with."""
    found = re.match(r"[A-Za-z_]\w*", text)
    name = found[0] if found else text[:20]
    if name not in KNOWN or depth > DEEPEST:
        rule = f"has `{name}`, which is no type; there are {', '.join(KNOWN)}"
        raise BadType(rule, {"integer": "int", "text": "string", "long": "bigint"}.get(name) or nearest(name, KNOWN))
    rest = text[len(name) :]
    if name in LENGTHS:
        return _length(name, rest)
    if name == "decimal":
        return _digits(rest)
    return _parts(name, rest, depth) if name in NESTED else rest


def _length(name: str, rest: str) -> str:
    found = re.match(r"\((\d{1,6})\)", rest)
    if not found or not 1 <= int(found[1]) <= LENGTHS[name]:
        raise BadType(f"must say how long {name} is, from 1 to {LENGTHS[name]}", f"{name}(10)")
    return rest[found.end() :]


def _digits(rest: str) -> str:
    if not rest.startswith("("):
        return rest
    found = re.match(r"\((\d{1,3})(?:, ?(\d{1,3}))?\)", rest)
    if not found or not 1 <= int(found[1]) <= MOST_DIGITS or int(found[2] or 0) > int(found[1]):
        raise BadType(
            f"must give decimal 1 to {MOST_DIGITS} digits, and no more of them after the point", "decimal(10,2)"
        )
    return rest[found.end() :]


def _parts(name: str, rest: str, depth: int) -> str:
    examples = {"array": "array<string>", "map": "map<string,double>", "struct": "struct<id:string,rating:double>"}
    if not rest.startswith("<"):
        raise BadType(f"must say what {name} holds", examples[name])
    count, rest = 0, f",{rest[1:]}"
    while rest.startswith(",") and count < 1000:
        rest, count = rest[1:].lstrip(" "), count + 1
        if name == "struct":
            field = NAME.match(rest)
            if not field or not rest[field.end() :].startswith(":"):
                raise BadType("must name each field of struct as name:type", examples[name])
            rest = rest[field.end() + 1 :]
        rest = _type(rest, depth + 1)
    if not rest.startswith(">") or count != {"array": 1, "map": 2}.get(name, count):
        raise BadType(f"does not end {name} as it should", examples[name])
    return rest[1:]
