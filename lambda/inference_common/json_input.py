"""Parse untrusted JSON strictly, refusing what would fail later.

`loads` follows RFC 8259 where Python's parser is more lenient. It refuses NaN, Infinity and numbers that overflow
(1e999), which cannot be written as JSON again. Python raises `RecursionError` for deep nesting, which is not a
`ValueError` and so escapes handlers of bad input: one such line failed a whole batch.

`loads_given` is for caller input: it also refuses duplicate field names, of which Python silently keeps the last, and
lone surrogates, which cannot be encoded.
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
"""Maximum nesting, since documents are processed recursively; no model accepts half as much."""

LONGEST_STEP = 32
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class NotJson(ValueError):
    """The document is not JSON. The message quotes nothing from it; positions count from 1."""

    def __init__(self, words: str, line: int, column: int) -> None:
        super().__init__(f"not JSON: {words} at line {line} column {column}")
        self.words, self.line, self.column = words, line, column


class TooDeep(ValueError):
    """The document is nested deeper than `DEEPEST` levels."""

    def __init__(self, text: str) -> None:
        line, column = _where_deep(text)
        rule = f"nested deeper than {DEEPEST} levels"
        super().__init__(f"{rule} at line {line} column {column}")
        self.in_line = f"{rule} at column {column}"


class BadField(ValueError):
    """One value is not allowed. `path` names it; it contains caller input and must not be logged."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(words)
        self.path = path


class _NotFinite(Exception):
    """Raised inside the parser, which does not report the position."""


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise _NotFinite
    return value


def _no_constant(name: str) -> NoReturn:
    raise _NotFinite


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadField(twice[:LONGEST_STEP], "it is given twice in one object")
    return members


_STRICT = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_GIVEN = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_unique)
_LAX = json.JSONDecoder()


def loads(text: str | bytes) -> Any:
    """Parse a JSON document, with or without a byte order mark.

    Raises:
        ValueError: not JSON (`NotJson`, `BadField`), not UTF-8, or nested too deeply (`TooDeep`); the message quotes
            nothing from the document.
    """
    return _loaded(_text(text), _STRICT)


def loads_given(text: str | bytes) -> Any:
    """Parse a caller's JSON document, in which names must be unique and strings encodable.

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
    """Refuse text that cannot be encoded as UTF-8, which only a str can contain."""
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
        # The original error contains the whole document.
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except BadField:
        raise
    except ValueError:
        raise BadField("", "a whole number has more digits than are read") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(value, text)
    return value


def _not_finite(text: str) -> ValueError:
    """Parse the document again to find the path of the offending value."""
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
    """Check the nesting iteratively, so that the check itself cannot recurse too deeply."""
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
    for bracket in BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket[0], 0)
        if depth > DEEPEST:
            at = bracket.start()
            return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return 1, 1


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    return ((where, each) for where, each in leaves(value, path) if isinstance(each, float))


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    return ((where, each) for where, each in leaves(value, path) if isinstance(each, str))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every scalar and every name with its path: `inputs[3]`, `parameters.temperature`."""
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
