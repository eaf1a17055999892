"""Split policy documents into single grants, so that two of them can be compared.

A statement that names two actions on three resources is six grants. One grant *covers* another if it allows at least
as much: its patterns match, and its conditions are not narrower. Comparison is by text: if two different texts mean
the same, the change is reported, which errs on the safe side.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from orchestrator.core.types import Json

Values = frozenset[str]
Condition = tuple[str, str, Values]
"""Operator, key (lower case), values."""


@dataclass(frozen=True)
class Term:
    """One element of a grant: a pattern, or everything except some patterns (`NotAction` and similar)."""

    text: str = ""
    but: Values | None = None

    def __str__(self) -> str:
        return self.text if self.but is None else f"everything except {', '.join(sorted(self.but))}"

    def lower(self) -> Term:
        return Term(self.text.lower(), None if self.but is None else frozenset(map(str.lower, self.but)))

    def covers(self, other: Term) -> bool:
        if self.but is None:
            return set(self.text) == {"*"} or (other.but is None and matches(self.text, other.text))
        if other.but is not None:
            return all(any(matches(wide, each) for wide in other.but) for each in self.but)
        return not any(matches(each, other.text) or matches(other.text, each) for each in self.but)


@dataclass(frozen=True)
class Grant:
    """One principal, one action, one resource.

    An element that the statement does not name is empty: the principal in an identity policy (the principal that has
    the policy), the resource in a trust policy (the role that has it).
    """

    effect: str
    principal: Term
    action: Term
    resource: Term
    conditions: frozenset[Condition]

    def covers(self, other: Grant, *, whatever_conditions: bool = False) -> bool:
        return (
            self.effect == other.effect
            and self.principal.covers(other.principal)
            and self.action.lower().covers(other.action.lower())
            and self.resource.covers(other.resource)
            and (whatever_conditions or _no_narrower(self.conditions, other.conditions))
        )


def parse(value: Any) -> list[Grant] | None:
    """Read the grants of all policy documents in a value; `None` if there is none, or one that cannot be read."""
    documents = list(_documents(value))
    try:
        grants = [grant for document in documents for each in _list(document["statement"]) for grant in _grants(each)]
    except _Unreadable:
        return None
    return grants if documents else None


class _Unreadable(Exception):
    """Not a valid statement."""


def _documents(value: Any) -> Iterator[Json]:
    """Yield the policy documents in a value: JSON text in it or in nested blocks, or inside that JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            yield from _within(json.loads(value))
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _documents(each)


def _within(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        document = _elements(value)
        if "statement" in document:
            yield document
            return
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _within(each)


def _elements(given: Json) -> Json:
    """Convert element names to lower case, so that a name in another case does not hide a grant."""
    return {name.lower(): value for name, value in given.items()}


def not_covered(grants: Iterable[Grant], by: Iterable[Grant], effect: str) -> list[Grant]:
    """Select the grants with this effect that no grant of `by` covers."""
    having = [grant for grant in by if grant.effect == effect]
    return [grant for grant in grants if grant.effect == effect and not any(other.covers(grant) for other in having)]


def _grants(given: Any) -> Iterator[Grant]:
    if not isinstance(given, dict):
        raise _Unreadable
    statement = _elements(given)
    if not {"action", "notaction"} & statement.keys():
        raise _Unreadable
    # Anything but an exact `Deny` is treated as a grant.
    effect = "Deny" if statement.get("effect") == "Deny" else "Allow"
    conditions = frozenset(_conditions(statement.get("condition")))
    sides = (_principals(statement), _terms(statement, "action"), _terms(statement, "resource"))
    for principal, action, resource in product(*sides):
        yield Grant(effect, principal, action, resource, conditions)


def _conditions(given: Any) -> Iterator[Condition]:
    for operator, keys in (given or {}).items() if isinstance(given, dict | None) else _unreadable():
        for key, values in keys.items() if isinstance(keys, dict) else _unreadable():
            yield operator, key.lower(), frozenset(map(_text, _list(values)))


def _unreadable() -> Any:
    raise _Unreadable


def _text(value: Any) -> str:
    """Convert a value to text as IAM does: `true`, not Python's `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _terms(statement: Json, name: str) -> list[Term]:
    if f"not{name}" in statement:
        return [Term(but=frozenset(map(str, _list(statement[f"not{name}"]))))]
    return [Term(str(each)) for each in _list(statement.get(name, ""))]


def _principals(statement: Json) -> list[Term]:
    if "notprincipal" in statement:
        return [Term(but=frozenset(_names(statement["notprincipal"])))]
    return [Term(name) for name in _names(statement.get("principal", ""))]


def _names(principal: Any) -> list[str]:
    """List principals as `AWS:arn:…` or `Service:…`; both spellings of "any principal" become `*`."""
    if not isinstance(principal, dict):
        return [str(each) for each in _list(principal)]
    names = [(kind, str(each)) for kind, every in principal.items() for each in _list(every)]
    return ["*" if kind == "AWS" and name == "*" else f"{kind}:{_whole(name)}" for kind, name in names]


def _whole(name: str) -> str:
    """Expand a bare account number to an ARN."""
    return f"arn:aws:iam::{name}:root" if re.fullmatch(r"\d{12}", name) else name


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    # A `?` of the wider pattern matches one character, so it must not match a `*` of the narrower one.
    parts = ({"*": ".*", "?": "[^*]"}.get(char, re.escape(char)) for char in text)
    return re.compile("".join(parts), re.DOTALL)


def matches(wide: str, narrow: str) -> bool:
    """Whether `wide` matches everything that `narrow` matches."""
    return wide == narrow or _pattern(wide).fullmatch(narrow) is not None


def _no_narrower(wide: Iterable[Condition], narrow: frozenset[Condition]) -> bool:
    """Whether each condition of the wider grant is implied by one of the narrower grant's."""
    return all(any(_implies(given, required) for given in narrow) for required in wide)


def _implies(given: Condition, required: Condition) -> bool:
    if given[:2] != required[:2]:
        return False
    operator = given[0].split(":")[-1].removesuffix("IfExists")
    if operator in ("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"):
        return required[2] <= given[2]
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return all(any(matches(wide, each) for wide in required[2]) for each in given[2])
    if operator in ("StringEquals", "StringEqualsIgnoreCase", "IpAddress"):
        return given[2] <= required[2]
    return given[2] == required[2]
