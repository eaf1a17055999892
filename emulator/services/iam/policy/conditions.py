"""Conditions: operators, set operators, and the context of a request.

A condition holds, does not hold, or depends on a key whose value cannot be known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from emulator.services.iam.policy.patterns import Absent, Lookup, Pattern, Unknown, pattern

Value = str | bool | int | float | Sequence[str]

ARN_PARTS = 6
Test = Callable[[str, Pattern, Lookup], bool]


class Context:
    """The condition keys of one request. Names have no case.

    Keys are *present* (in `values`), *absent* (they match one of the patterns in `absent`, such as
    `aws:requesttag/*`), or unknown: AWS would know their values, the emulator does not.
    """

    def __init__(self, values: Mapping[str, Value | None] | None = None, absent: Iterable[str] = ()) -> None:
        self._values = {name.lower(): _texts(value) for name, value in (values or {}).items() if value is not None}
        ruled_out = [name for name, value in (values or {}).items() if value is None]
        self._absent = _names((*absent, *ruled_out))

    @classmethod
    def complete(cls, values: Mapping[str, Value | None] | None = None) -> Context:
        """Make the context of a request with these keys and certainly no others."""
        return cls(values, absent=("*",))

    def get(self, key: str) -> tuple[str, ...] | None:
        """Return all values; `None` if the request lacks the key. Raise `Unknown`."""
        key = key.lower()
        values = self._values.get(key)
        if values is None and not self._absent.fullmatch(key):
            raise Unknown(key)
        return values

    def single(self, key: str) -> str:
        """Return the single value for a policy variable. Raise `Absent` or `Unknown`."""
        values = self.get(key)
        if values is None or len(values) != 1:
            raise Absent(key)
        return values[0]

    def values(self) -> dict[str, tuple[str, ...]]:
        return dict(self._values)


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    return tuple(str(item) for item in value)


def _names(patterns: Iterable[str]) -> re.Pattern[str]:
    sources = [re.escape(name.lower()).replace(r"\*", ".*") for name in patterns]
    return re.compile("|".join(sources) if sources else r"(?!)")


@dataclass(frozen=True)
class Condition:
    """One operator on one key. `quantifier` is `ForAllValues`, `ForAnyValue` or empty."""

    key: str
    test: Test | None
    """`None` is the operator Null."""
    negated: bool
    if_exists: bool
    quantifier: str
    expected: tuple[Pattern, ...]

    def holds(self, context: Context) -> bool:
        """Return whether the condition holds. Raise `Unknown` if that depends on an unknown key."""
        values = context.get(self.key)
        if self.test is None:
            return (values is None) is any(value.text.lower() == "true" for value in self.expected)
        if values is None:
            if self.quantifier:
                return self.quantifier == "ForAllValues" or self.if_exists
            return self.negated or self.if_exists
        answers = (any(self._compare(value, expected, context) for expected in self.expected) for value in values)
        if self.quantifier == "ForAllValues":
            return all(answer is not self.negated for answer in answers)
        if self.quantifier == "ForAnyValue":
            return any(answer is not self.negated for answer in answers)
        return any(answers) is not self.negated

    def _compare(self, value: str, expected: Pattern, context: Context) -> bool:
        assert self.test is not None
        try:
            return self.test(value, expected, context.single)
        except Absent:
            return False
        except ValueError:
            # A value that is not a number, date or address equals none.
            return False


def all_hold(conditions: tuple[Condition, ...], context: Context) -> tuple[bool, frozenset[str]]:
    """Return whether all can hold, and the unknown keys on which that depends. One that fails decides."""
    undecided: set[str] = set()
    for condition in conditions:
        try:
            if not condition.holds(context):
                return False, frozenset()
        except Unknown as unknown:
            undecided.add(unknown.key)
    return True, frozenset(undecided)


def parse(given: dict[str, dict[str, Any]], variables: bool) -> tuple[Condition, ...]:
    """Parse conditions. Raise `ValueError` for an unknown operator."""
    conditions = []
    for operator, keys in given.items():
        for key, expected in keys.items():
            values = expected if isinstance(expected, list) else [expected]
            texts = [("true" if value else "false") if isinstance(value, bool) else str(value) for value in values]
            conditions.append(_condition(operator, key, tuple(pattern(text, variables=variables) for text in texts)))
    return tuple(conditions)


def _condition(operator: str, key: str, expected: tuple[Pattern, ...]) -> Condition:
    quantifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise ValueError(f"unknown condition operator {operator}")
    if name == "Null":
        return Condition(key, None, False, False, "", expected)
    if name not in OPERATORS:
        raise ValueError(f"unknown condition operator {operator}")
    test, negated = OPERATORS[name]
    return Condition(key, test, negated, if_exists, quantifier, expected)


# ---- operators -----------------------------------------------------------------------------------------------


def _equals(value: str, expected: Pattern, lookup: Lookup) -> bool:
    return value == expected.exact(lookup)


def _equals_ignoring_case(value: str, expected: Pattern, lookup: Lookup) -> bool:
    return value.lower() == expected.exact(lookup).lower()


def _like(value: str, expected: Pattern, lookup: Lookup) -> bool:
    return expected.glob(lookup).fullmatch(value) is not None


def _arn_like(value: str, expected: Pattern, lookup: Lookup) -> bool:
    """Compare ARNs part by part: a wildcard does not match a colon, except in the last part."""
    regex = expected.glob(lookup)
    texts, parts = expected.text.split(":", ARN_PARTS - 1), value.split(":", ARN_PARTS - 1)
    if not expected.plain:
        # A pattern whose variables contain colons cannot be split before they are replaced.
        return regex.fullmatch(value) is not None
    if len(texts) != ARN_PARTS or len(parts) != ARN_PARTS:
        return False
    return all(
        pattern(text, variables=True).glob(lookup).fullmatch(part) for text, part in zip(texts, parts, strict=True)
    )


def _bool(value: str, expected: Pattern, lookup: Lookup) -> bool:
    return value.lower() == expected.exact(lookup).lower()


def _number(compare: Callable[[float, float], bool]) -> Test:
    return lambda value, expected, lookup: compare(float(value), float(expected.exact(lookup)))


def _date(compare: Callable[[datetime, datetime], bool]) -> Test:
    return lambda value, expected, lookup: compare(_moment(value), _moment(expected.exact(lookup)))


def _moment(text: str) -> datetime:
    """Parse ISO 8601, or seconds since 1970."""
    if re.fullmatch(r"\d+(\.\d+)?", text) and len(text) > len("2026"):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _address(value: str, expected: Pattern, lookup: Lookup) -> bool:
    return ip_address(value) in ip_network(expected.exact(lookup), strict=False)


OPERATORS: dict[str, tuple[Test, bool]] = {
    "StringEquals": (_equals, False),
    "StringNotEquals": (_equals, True),
    "StringEqualsIgnoreCase": (_equals_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equals_ignoring_case, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnEquals": (_arn_like, False),
    "ArnLike": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_bool, False),
    "BinaryEquals": (_equals, False),
    "IpAddress": (_address, False),
    "NotIpAddress": (_address, True),
    "NumericEquals": (_number(lambda a, b: a == b), False),
    "NumericNotEquals": (_number(lambda a, b: a == b), True),
    "NumericLessThan": (_number(lambda a, b: a < b), False),
    "NumericLessThanEquals": (_number(lambda a, b: a <= b), False),
    "NumericGreaterThan": (_number(lambda a, b: a > b), False),
    "NumericGreaterThanEquals": (_number(lambda a, b: a >= b), False),
    "DateEquals": (_date(lambda a, b: a == b), False),
    "DateNotEquals": (_date(lambda a, b: a == b), True),
    "DateLessThan": (_date(lambda a, b: a < b), False),
    "DateLessThanEquals": (_date(lambda a, b: a <= b), False),
    "DateGreaterThan": (_date(lambda a, b: a > b), False),
    "DateGreaterThanEquals": (_date(lambda a, b: a >= b), False),
}
"""By name: the test, and whether the operator is true when the test is not."""
