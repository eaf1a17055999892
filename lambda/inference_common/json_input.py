"""JSON of other people: read by functions that refuse what would fail further in.

`loads` holds to RFC 8259 where Python's own reader is laxer. NaN and Infinity, and numbers that become infinite
(1e999), are none of its values: written again they are no JSON. Deep nesting raises `RecursionError` there, which is no
`ValueError` and so passes every handler of bad input: one such line failed a whole batch.

`loads_given` is for what callers send: of two fields of one name Python keeps the last without a word, and it takes
halves of surrogate pairs, which nothing can send on.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from inference_common.encoding import decoded
from inference_common.texts import unwritable

DEEPEST = 64
"""Levels. What is read is walked and written again by functions that call themselves; no model takes half of this."""

LONGEST_STEP = 32
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class NotJson(ValueError):
    """The document is no JSON. The words hold nothing of it; the place is counted from 1."""

    def __init__(self, words: str, line: int, column: int) -> None:
        super().__init__(f"not JSON: {words} at line {line} column {column}")
        self.words, self.line, self.column = words, line, column


class TooDeep(ValueError):
    """The document nests deeper than `DEEPEST` levels."""

    def __init__(self, text: str) -> None:
        line, column = _where_deep(text)
        rule = f"nested deeper than {DEEPEST} levels"
        super().__init__(f"{rule} at line {line} column {column}")
        self.in_line = f"{rule} at column {column}"


class BadField(ValueError):
    """One value of the document cannot be taken. `path` names it; it is of the caller's own words, so not in logs."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(words)
        self.path = path


class _NotFinite(Exception):
    """Where it was, the reader does not tell."""


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise _NotFinite
    return value


def _no_constant(name: str) -> NoReturn:
    raise _NotFinite


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadField(twice[:LONGEST_STEP], "it is given twice in one object")
    return found


_STRICT = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_GIVEN = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_unique)
_LAX = json.JSONDecoder()


def loads(text: str | bytes) -> Any:
    """Parse a JSON document, with or without a byte order mark.

    Raises:
        ValueError: it is no JSON (`NotJson`, `BadField`), not UTF-8, or nests too deeply (`TooDeep`); the message holds
            nothing of the text.
    """
    return _loaded(_text(text), _STRICT)


def loads_given(text: str | bytes) -> Any:
    """Parse a JSON document that a caller has sent: names are unique, and every string can be sent on.

    Raises:
        ValueError: as `loads`.
    """
    document = _text(text)
    value = _loaded(document, _GIVEN)
    if "\\u" in document or not _encodable(document):
        for path, each in _strings(value, ""):
            words = unwritable(each)
            if words:
                raise BadField(path, words)
    return value


def _encodable(text: str) -> bool:
    """Only texts that were never bytes hold what UTF-8 does not."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _text(text: str | bytes) -> str:
    return text.removeprefix("\ufeff") if isinstance(text, str) else decoded(text)


def _loaded(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        value = decoder.decode(text)
    except RecursionError:
        raise TooDeep(text) from None
    except _NotFinite:
        raise _not_finite(text) from None
    except json.JSONDecodeError as error:
        # The error itself carries the whole document.
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except BadField:
        raise
    except ValueError:
        raise BadField("", "a whole number has more digits than are read") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(value, text)
    return value


def _not_finite(text: str) -> ValueError:
    """The same document read again, to tell which of its values it was."""
    try:
        value = _LAX.decode(text)
    except RecursionError:
        return TooDeep(text)
    except json.JSONDecodeError as error:
        return NotJson(error.msg, error.lineno, error.colno)
    for path, each in _numbers(value, ""):
        if math.isnan(each):
            return BadField(path, "it is NaN, which JSON does not have")
        if math.isinf(each):
            return BadField(path, "it is Infinity, which JSON does not have, or a number too large to be kept")
    return BadField("", "a field that is given twice is NaN, Infinity or a number too large to be kept")


def _check_depth(value: Any, text: str) -> None:
    """Level by level, so that the check itself cannot go too deep."""
    level = [value]
    for _ in range(DEEPEST):
        level = [item for each in level for item in _items(each)]
        if not level:
            return
    raise TooDeep(text)


def _items(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, (dict, list))]


def _where_deep(text: str) -> tuple[int, int]:
    depth = 0
    for found in BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            at = found.start()
            return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return 1, 1


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    return ((where, each) for where, each in _leaves(value, path) if isinstance(each, float))


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    return ((where, each) for where, each in _leaves(value, path) if isinstance(each, str))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, and every name, with its place: `inputs[3]`, `parameters.temperature`."""
    stack = [iter([(path, value)])]
    while stack:
        for where, each in stack[-1]:
            if isinstance(each, dict):
                stack.append(_members(each, where))
                break
            if isinstance(each, list):
                stack.append(_elements(each, where))
                break
            yield where, each
        else:
            stack.pop()


def _elements(value: list[Any], path: str) -> Iterator[tuple[str, Any]]:
    return ((f"{path}[{place}]", item) for place, item in enumerate(value))


def _members(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        where = f"{path}.{name[:LONGEST_STEP]}" if path else name[:LONGEST_STEP]
        yield where, name
        yield where, item
