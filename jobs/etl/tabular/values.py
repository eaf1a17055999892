"""What a value of a column is: text of a cell or a value of JSON or Parquet, as the column's type, checked. Pure."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from tabular.errors import Broken
from tabular.spec import Column

# float() alone would take "1_0" and digits of other scripts.
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Tools without missing integers write 5 as 5.0.
INTEGER = re.compile(r"([+-]?[0-9]{1,19})(\.0*)?")
LARGEST = sys.float_info.max
BIGINT = range(-(2**63), 2**63)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The part of ISO 8601 that every version of Python reads alike.
TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
TRUTH = {"true": True, "1": True, "false": False, "0": False}

Check = Callable[[Any], Any]
"""Takes a value, returns it as its column's type; `None` for none. Raises `Broken`."""


class NotOfType(Exception):
    """A value cannot be read as its column's type."""


def checker(column: Column) -> Check:
    """Return the check of a column. Its reasons are `<column>:<rule>`, the rule named as in the specification."""
    name, required = column.name, column.required
    convert = CONVERT[column.type]
    rules = list(_rules(column))

    def check(value: Any) -> Any:
        try:
            made = None if value is None else convert(value)
        except NotOfType:
            raise Broken(f"{name}:type") from None
        if made is None:
            if required:
                raise Broken(f"{name}:required")
            return None
        for rule, holds in rules:
            if not holds(made):
                raise Broken(f"{name}:{rule}")
        return made

    if rules or column.type != "string":
        return check
    # Most cells of most tables of text: nothing to convert, nothing to check.
    return lambda value: value if type(value) is str else check(value)


def _rules(column: Column) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    lowest, highest, shortest, longest = column.minimum, column.maximum, column.min_length, column.max_length
    if lowest is not None:
        yield "minimum", lambda value: value >= lowest
    if highest is not None:
        yield "maximum", lambda value: value <= highest
    if shortest is not None:
        yield "min_length", lambda value: len(value) >= shortest
    if longest is not None:
        yield "max_length", lambda value: len(value) <= longest
    if column.pattern is not None:
        yield "pattern", re.compile(column.pattern).fullmatch
    if column.values is not None:
        yield "values", frozenset(map(CONVERT[column.type], column.values)).__contains__


def text_of(value: Any) -> str:
    """Return a value as text: that of labels, ids and groups wherever they are compared."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise NotOfType from None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else text_of(value)


def _bigint(value: Any) -> int | None:
    if isinstance(value, str):
        match = INTEGER.fullmatch(value.strip())
        if match is None:
            _demand_blank(value)
            return None
        made = int(match.group(1))
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise NotOfType
    elif value != value:
        return None
    else:
        if not math.isfinite(value) or value != int(value):
            raise NotOfType
        made = int(value)
    if made not in BIGINT:
        raise NotOfType
    return made


def _double(value: Any) -> float | None:
    if type(value) is float and -LARGEST <= value <= LARGEST:
        return value
    if isinstance(value, str):
        text = value.strip()
        if not NUMBER.fullmatch(text):
            _demand_blank(value)
            return None
        made = float(text)
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise NotOfType
    elif value != value:
        return None  # how tables without missing numbers spell them
    else:
        try:
            made = float(value)
        except OverflowError:
            raise NotOfType from None
    if not math.isfinite(made):
        raise NotOfType
    return made


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        made = TRUTH.get(value.strip().lower())
        if made is None:
            _demand_blank(value)
        return made
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    raise NotOfType


def _timestamp(value: Any) -> datetime | None:
    """Return a time in UTC, without a zone."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if not isinstance(value, str):
        raise NotOfType
    match = TIMESTAMP.fullmatch(value.strip())
    if match is None:
        _demand_blank(value)
        return None
    day, minutes, seconds, fraction, zone = match.groups()
    try:
        made = datetime.fromisoformat(f"{day}T{minutes or '00:00'}{seconds or ':00'}")
        return made.replace(microsecond=int((fraction or ".0")[1:7].ljust(6, "0"))) - _offset(zone)
    except (ValueError, OverflowError):
        raise NotOfType from None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta()
    return timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise NotOfType
    text = value.strip()
    if not DATE.fullmatch(text):
        _demand_blank(value)
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotOfType from None


def _demand_blank(text: str) -> None:
    """Raise for text that says something; blanks alone mean no value."""
    if text.strip():
        raise NotOfType


CONVERT: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "bigint": _bigint,
    "double": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
}
