"""Which type a value has, or a text could have. Pure."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from decimal import Decimal
from typing import Any

MARKERS = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-")
"""Texts that many tools write for a missing value."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_PADDED = re.compile(r"[+-]?0[0-9]+")
"""Digits that are a name and not a number, such as a postal code."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_TRUTH = {"true": True, "false": False}


def is_missing(value: Any) -> bool:
    """Return whether a value is none: null, an empty text, or a number that is none."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def kind_of(value: Any) -> str:
    """Return the type of a value of JSON or Parquet, where only times are written as text."""
    if isinstance(value, str):
        return _kind_of_time(value.strip())
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "bigint" if -(2**63) <= value < 2**63 else "double"
    if isinstance(value, (float, Decimal)):
        return "double"
    if isinstance(value, dt.datetime):
        return "timestamp"
    return "date" if isinstance(value, dt.date) else "string"


def kind_of_cell(cell: str) -> str:
    """Return the type that the text of a cell could have."""
    text = cell.strip()
    if _PADDED.fullmatch(text):
        return "string"
    if _INTEGER.fullmatch(text):
        return "bigint"
    if _NUMBER.fullmatch(text):
        return "double" if math.isfinite(float(text)) else "string"
    if text.lower() in _TRUTH:
        return "boolean"
    return _kind_of_time(text)


def _kind_of_time(text: str) -> str:
    if _DATE.fullmatch(text):
        return "date" if _is_time(text) else "string"
    return "timestamp" if _TIMESTAMP.fullmatch(text) and _is_time(text[:16]) else "string"


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def converted(value: Any, kind: str) -> Any:
    """Return a raw value as one of a column's type, in the form that JSON has for it; `None` for a missing one.

    Raises:
        ValueError: it has another type.
    """
    if is_missing(value):
        return None
    if kind == "bigint":
        # Tools without missing integers write 5 as 5.0.
        return int(re.sub(r"\.0*$", "", value.strip()) if isinstance(value, str) else value)
    if kind == "double":
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "boolean":
        return value if isinstance(value, bool) else _truth(str(value))
    if kind in ("timestamp", "date") and not isinstance(value, str):
        return value.isoformat()
    return text_of(value)


def text_of(value: Any) -> str:
    """Return a value as text, as the ETL does: lists and objects as JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


def _truth(text: str) -> bool:
    known = _TRUTH.get(text.strip().lower())
    if known is None:
        raise ValueError(f"{text[:60]!r} is neither true nor false")
    return known
