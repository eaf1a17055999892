"""Event patterns, as EventBridge documents them; SNS filter policies and event source filters use the same syntax.

A pattern names fields; each field has a list of values or matchers of which one must hold. Fields that a
pattern does not name do not matter. A list in the event matches if any of its values does.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class InvalidPattern(ValueError):
    """A pattern that AWS rejects, with the reason."""


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Return whether an event matches a pattern. Raise `InvalidPattern` for an unknown matcher."""
    return all(_field(name, condition, event) for name, condition in pattern.items())


def _field(name: str, condition: Any, event: Any) -> bool:
    if name == "$or" and isinstance(condition, list):
        return any([matches(choice, event) for choice in condition])
    values = _values(event, name)
    if isinstance(condition, dict):
        # A list of objects matches if one of them does; a missing field may still match `exists: false`.
        return any([matches(condition, value) for value in values or [{}]])
    if not isinstance(condition, list):
        raise InvalidPattern(f'"{name}" must be an object or an array')
    flat = [leaf for value in values for leaf in (value if isinstance(value, list) else [value])]
    return any([_holds(matcher, flat, present=bool(values)) for matcher in condition])


def _values(event: Any, name: str) -> list[Any]:
    """Return the values of a field; several if the event is a list of objects."""
    if isinstance(event, list):
        return [value for item in event for value in _values(item, name)]
    return [event[name]] if isinstance(event, dict) and name in event else []


def _holds(matcher: Any, values: list[Any], *, present: bool) -> bool:
    if not isinstance(matcher, dict):
        return any(_equal(matcher, value) for value in values)
    if len(matcher) != 1:
        raise InvalidPattern("Only one key allowed in match expression")
    [(name, argument)] = matcher.items()
    if name == "exists":
        # For leaves only: an object is not a value.
        return bool(argument) is (present and not (values and all(isinstance(value, dict) for value in values)))
    if name not in MATCHERS:
        raise InvalidPattern(f"Unrecognized match type {name}")
    return any([MATCHERS[name](argument, value) for value in values])


def _equal(given: Any, value: Any) -> bool:
    """Return whether values are equal in JSON: `true` is not 1, and text is not a number."""
    return type(given) is type(value) and given == value if not _is_number(given) else _same_number(given, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(expected: float, value: Any) -> bool:
    return _is_number(value) and float(expected) == float(value)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """Make a matcher of text; its argument is text, a list of texts, or `{"equals-ignore-case": text}`."""

    def holds(argument: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(argument, dict):
            if set(argument) != {"equals-ignore-case"}:
                raise InvalidPattern(f"Unsupported match pattern {argument}")
            return holds(_folded(argument["equals-ignore-case"]), value.casefold())
        return any(test(value, expected) for expected in (argument if isinstance(argument, list) else [argument]))

    return holds


def _folded(argument: Any) -> Any:
    return [item.casefold() for item in argument] if isinstance(argument, list) else argument.casefold()


def _ignoring_case(argument: Any, value: Any) -> bool:
    expected = argument if isinstance(argument, list) else [argument]
    return isinstance(value, str) and value.casefold() in [item.casefold() for item in expected]


def _numeric(argument: list[Any], value: Any) -> bool:
    if len(argument) % 2 or any(operator not in COMPARE for operator in argument[::2]):
        raise InvalidPattern(f"Unrecognized numeric range {argument}")
    return _is_number(value) and all(
        COMPARE[operator](value, bound) for operator, bound in zip(argument[::2], argument[1::2], strict=True)
    )


def _anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, dict):
        [(name, inner)] = argument.items()
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
        return not MATCHERS[name](inner, value)
    return not any(_equal(unwanted, value) for unwanted in (argument if isinstance(argument, list) else [argument]))


def _cidr(argument: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(argument, strict=False)
    except ValueError:
        return False


@lru_cache(maxsize=512)
def _wildcard(pattern: str) -> re.Pattern[str]:
    """Compile a wildcard: `*` is any text, `\\*` and `\\\\` are literal."""
    if re.search(r"(?<!\\)\*\*", pattern):
        raise InvalidPattern("Consecutive wildcard characters")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    return re.compile(
        "".join(
            ".*" if part == "*" else re.escape(part[1:] if len(part) == 2 and part[0] == "\\" else part)
            for part in parts
        ),
        re.DOTALL,
    )


MATCHERS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _text(lambda value, expected: value.startswith(expected)),
    "suffix": _text(lambda value, expected: value.endswith(expected)),
    "wildcard": _text(lambda value, expected: _wildcard(expected).fullmatch(value) is not None),
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}


def check(pattern: Any) -> None:
    """Raise `InvalidPattern` for what PutRule rejects."""
    if not isinstance(pattern, dict) or not pattern:
        raise InvalidPattern("Filter is not an object" if not isinstance(pattern, dict) else "Empty pattern")
    for name, condition in pattern.items():
        if name == "$or" and isinstance(condition, list) and len(condition) > 1:
            for choice in condition:
                check(choice)
        elif isinstance(condition, dict):
            check(condition)
        elif not isinstance(condition, list):
            raise InvalidPattern(f'"{name}" must be an object or an array')
        elif not condition:
            raise InvalidPattern("Empty arrays are not allowed")
        else:
            for matcher in condition:
                _holds(matcher, [""], present=True)
