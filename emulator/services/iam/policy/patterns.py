"""Wildcards and policy variables: compare a text in a policy with a value of a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
LITERALS = {"*": "*", "?": "?", "$": "$"}
"""Escapes such as `${*}`, for characters that otherwise have a meaning."""


class Absent(Exception):
    """A policy variable names a key that the request lacks."""


class Unknown(Exception):
    """A policy variable names a key whose value cannot be known here."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


Lookup = Callable[[str], str]
"""Returns the single value of a condition key. Raises `Absent` or `Unknown`."""


@dataclass(frozen=True)
class Pattern:
    """One value of a policy: `parts` alternate between pattern text and variables."""

    text: str
    parts: tuple[tuple[str, str | None, str | None], ...]
    """`(pattern text, variable after it or None, default or None)`."""
    plain: bool
    """The compiled pattern, if it has no variables."""

    def glob(self, lookup: Lookup, *, ignore_case: bool = False) -> re.Pattern[str]:
        """Compile the pattern: `*` is any text, `?` one character; variables are replaced by their literal values."""
        if self.plain:
            return _glob(self.parts[0][0], ignore_case)
        source = "".join(
            _translated(text) + re.escape(_value(name, default, lookup)) for text, name, default in self.parts
        )
        return re.compile(f"(?s:{source})", re.IGNORECASE if ignore_case else 0)

    def exact(self, lookup: Lookup) -> str:
        """Return the text with its variables replaced, without wildcards."""
        return "".join(_unescaped(text) + _value(name, default, lookup) for text, name, default in self.parts)


@lru_cache(maxsize=16384)
def pattern(text: str, *, variables: bool = True) -> Pattern:
    """Parse a text. `variables` is false for documents of version 2008-10-17, where `${...}` is ordinary text."""
    parts: list[tuple[str, str | None, str | None]] = []
    rest, position = "", 0
    for match in VARIABLE.finditer(text) if variables else ():
        rest += text[position : match.start()]
        position = match.end()
        if match[1] in LITERALS:
            rest += f"\x00{LITERALS[match[1]]}"
            continue
        parts.append((rest, match[1], match[2]))
        rest = ""
    parts.append((rest + text[position:], None, None))
    return Pattern(text, tuple(parts), plain=len(parts) == 1)


def matches_any(patterns: tuple[Pattern, ...], value: str, lookup: Lookup, *, ignore_case: bool = False) -> bool:
    return any(pattern.glob(lookup, ignore_case=ignore_case).fullmatch(value) for pattern in patterns)


def _value(name: str | None, default: str | None, lookup: Lookup) -> str:
    if name is None:
        return ""
    try:
        return lookup(name)
    except Absent:
        if default is None:
            raise
        return default


@lru_cache(maxsize=16384)
def _glob(text: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(f"(?s:{_translated(text)})", re.IGNORECASE if ignore_case else 0)


def _translated(text: str) -> str:
    """Translate a text with wildcards to a regular expression; a character after NUL is literal."""
    source, characters = "", iter(text)
    for character in characters:
        if character == "\x00":
            source += re.escape(next(characters))
        else:
            source += {"*": ".*", "?": "."}.get(character) or re.escape(character)
    return source


def _unescaped(text: str) -> str:
    return text.replace("\x00", "")
