"""JSON of other people: read by one function, which refuses what would fail further in.

Python's own reader raises `RecursionError` for deep nesting, which is no `ValueError` and so passes every handler of
bad input: one such line failed a whole batch, and one such body was an error of ours instead of the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DEEPEST = 64
"""Levels. What is read is walked and written again by functions that call themselves; no model takes half of this."""


class TooDeep(ValueError):
    """The document nests deeper than `DEEPEST` levels."""


def loads(text: str | bytes) -> Any:
    """Parse a JSON document.

    Raises:
        ValueError: it is no JSON, or nests too deeply (`TooDeep`); the message holds nothing of the text.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise TooDeep(f"nested deeper than {DEEPEST} levels") from None
    except json.JSONDecodeError as error:
        # The error itself carries the whole document.
        raise ValueError(f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except UnicodeDecodeError:
        raise ValueError("not JSON: not UTF-8") from None
    opened = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if opened > DEEPEST:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """Level by level, so that the check itself cannot go too deep."""
    level = [value]
    for _ in range(DEEPEST):
        level = [item for each in level for item in _items(each)]
        if not level:
            return
    raise TooDeep(f"nested deeper than {DEEPEST} levels")


def _items(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, (dict, list))]
