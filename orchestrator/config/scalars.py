"""Interpret plain scalars of YAML by the core schema of YAML 1.2, and dates.

`yes` and `on` are text, as in YAML 1.2; models with a boolean convert them. Values that YAML parsers read differently,
or that cannot be represented, are rejected: `010`, `1_000`, `.nan`, `1e999`, 2027-02-30.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable

Value = str | int | float | bool | dt.date | None

_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_OTHERS = ("<<", "=")
"""Scalars of YAML 1.1 for merging and for the default value of a mapping."""
_LARGEST = 2**63 - 1
_DIGITS = 40
"""Digits of a number; no setting needs more."""


class NoValue(Exception):
    """A scalar without a usable value; the rule says why."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def read(word: str) -> Value:
    """Convert an unquoted scalar.

    Raises:
        NoValue: it is malformed or ambiguous.
    """
    if word in _WORDS:
        return _WORDS[word]
    if word in _OTHERS:
        raise NoValue("has a special meaning in some YAML parsers; put a text in quotes")
    # Nearly all scalars are text, and do not begin like a number.
    if word[0] in "+-.0123456789":
        for pattern, value in _FORMS:
            if pattern.fullmatch(word):
                return value(word)
    return word


def _whole(word: str) -> int:
    digits = word.lstrip("+-")
    if len(digits) > _DIGITS or abs(int(word)) > _LARGEST:
        raise NoValue("is too large a number; put a text of digits in quotes")
    if len(digits) > 1 and digits[0] == "0":
        raise NoValue("begins with 0, which some YAML parsers read as octal; remove the 0, or put a text in quotes")
    return int(word)


def _based(base: int) -> Callable[[str], int]:
    def value(word: str) -> int:
        if len(word) > _DIGITS or int(word, base) > _LARGEST:
            raise NoValue("is too large a number; put a text of digits in quotes")
        return int(word, base)

    return value


def _decimal(word: str) -> float:
    value = float(word) if len(word) <= 2 * _DIGITS else math.inf
    if not math.isfinite(value):
        raise NoValue("is too large a number, or has too many digits; put a text in quotes")
    return value


def _no_number(word: str) -> float:
    raise NoValue("is not a finite number; put a text in quotes")


def _other_notation(word: str) -> int:
    raise NoValue("is a number for some YAML parsers only; write plain digits, or put a text in quotes")


def _day(word: str) -> dt.date:
    try:
        year, month, day = map(int, word.split("-"))
        return dt.date(year, month, day)
    except ValueError:
        raise NoValue("is not a valid date; put a text in quotes") from None


def _moment(word: str) -> dt.date:
    raise NoValue("is a timestamp; write a date as 2027-01-31, or put a text in quotes")


_FORMS: tuple[tuple[re.Pattern[str], Callable[[str], Value]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), _whole),
    (re.compile(r"0o[0-7]+"), _based(8)),
    (re.compile(r"0x[0-9a-fA-F]+"), _based(16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), _decimal),
    (re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?"), _other_notation),
    (re.compile(r"[-+]?[0-9]+\.[0-9_]*_[0-9_]*([eE][-+]?[0-9]+)?"), _other_notation),
    (re.compile(r"[-+]?0b[01_]+|[-+]0o[0-7_]+|[-+]?0o[0-7]*_[0-7_]*"), _other_notation),
    (re.compile(r"[-+]0x[0-9a-fA-F_]+|[-+]?0x[0-9a-fA-F]*_[0-9a-fA-F_]*"), _other_notation),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), _no_number),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"), _day),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*"), _moment),
)
