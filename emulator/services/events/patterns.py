"""Event patterns, as EventBridge documents them; SNS filter policies and event source filters use the same words.

A pattern names fields; each field has a list of values or matchers of which one must hold. Fields that a
pattern does not name say nothing. Values in a list of the event match when any of them does.
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
    """A pattern that AWS refuses; the message says why."""


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether the event has what the pattern asks for. Raises `InvalidPattern` for a matcher that AWS has not."""
    return all(_field(name, wanted, event) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, event: Any) -> bool:
    if name == "$or" and isinstance(wanted, list):
        return any([matches(choice, event) for choice in wanted])
    values = _values(event, name)
    if isinstance(wanted, dict):
        # A list of objects matches when one of them does; a field that is not there may still match `exists: false`.
        return any([matches(wanted, value) for value in values or [{}]])
    if not isinstance(wanted, list):
        raise InvalidPattern(f'"{name}" must be an object or an array')
    flat = [leaf for value in values for leaf in (value if isinstance(value, list) else [value])]
    return any([_holds(matcher, flat, present=bool(values)) for matcher in wanted])


def _values(event: Any, name: str) -> list[Any]:
    """Everything under this name; several where the event is a list of objects."""
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
        # For leaves only: an object is no value.
        return bool(argument) is (present and not (values and all(isinstance(value, dict) for value in values)))
    if name not in MATCHERS:
        raise InvalidPattern(f"Unrecognized match type {name}")
    return any([MATCHERS[name](argument, value) for value in values])


def _equal(wanted: Any, value: Any) -> bool:
    """JSON equality: `true` is no 1, and text is no number."""
    return type(wanted) is type(value) and wanted == value if not _is_number(wanted) else _same_number(wanted, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(wanted: float, value: Any) -> bool:
    return _is_number(value) and float(wanted) == float(value)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """A matcher of text: its argument is text, a list of texts, or text whatever its case."""

    def holds(argument: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(argument, dict):
            if set(argument) != {"equals-ignore-case"}:
                raise InvalidPattern(f"Unsupported match pattern {argument}")
            return holds(_folded(argument["equals-ignore-case"]), value.casefold())
        return any(test(value, wanted) for wanted in (argument if isinstance(argument, list) else [argument]))

    return holds


def _folded(argument: Any) -> Any:
    return [item.casefold() for item in argument] if isinstance(argument, list) else argument.casefold()


def _ignoring_case(argument: Any, value: Any) -> bool:
    wanted = argument if isinstance(argument, list) else [argument]
    return isinstance(value, str) and value.casefold() in [item.casefold() for item in wanted]


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
    """`*` stands for any text; `\\*` and `\\\\` for themselves."""
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
    "prefix": _text(lambda value, wanted: value.startswith(wanted)),
    "suffix": _text(lambda value, wanted: value.endswith(wanted)),
    "wildcard": _text(lambda value, wanted: _wildcard(wanted).fullmatch(value) is not None),
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}


def check(pattern: Any) -> None:
    """Raises `InvalidPattern` for what PutRule refuses."""
    if not isinstance(pattern, dict) or not pattern:
        raise InvalidPattern("Filter is not an object" if not isinstance(pattern, dict) else "Empty pattern")
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list) and len(wanted) > 1:
            for choice in wanted:
                check(choice)
        elif isinstance(wanted, dict):
            check(wanted)
        elif not isinstance(wanted, list):
            raise InvalidPattern(f'"{name}" must be an object or an array')
        elif not wanted:
            raise InvalidPattern("Empty arrays are not allowed")
        else:
            for matcher in wanted:
                _holds(matcher, [""], present=True)
