"""Validate texts for models, the same for every API and model. Pure."""

from __future__ import annotations

import re
from typing import Any

MAX_CHARACTERS = 20_000
RULE = f"a string of 1 to {MAX_CHARACTERS} characters"
SURROGATE = re.compile("[\ud800-\udfff]")
NUL = "\0"


def flaw(text: Any) -> str:
    """Return why a value is not a valid text, or an empty string."""
    if not isinstance(text, str):
        return f"it is {kind_of(text)}"
    if not text:
        return "it is empty"
    if len(text) > MAX_CHARACTERS:
        return f"it has {len(text)}"
    # Bedrock refuses blank texts (and bills for them in jobs), and labels of blank texts are useless.
    return "it is blank" if not text.strip() else unwritable(text)


def unwritable(text: str) -> str:
    """Return which character cannot be passed on, or an empty string.

    Lone surrogates have no UTF-8 encoding, and the effect of U+0000 depends on the next reader.
    """
    position = text.find(NUL)
    if position < 0 and text.isascii():
        return ""
    half = SURROGATE.search(text)
    if half and (position < 0 or half.start() < position):
        return f"it has half of a surrogate pair (U+{ord(half[0]):04X}) as character {half.start() + 1}"
    return f"it has U+0000 as character {position + 1}" if position >= 0 else ""


def kind_of(value: Any) -> str:
    """Name the JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, bytes):
        return "not UTF-8"
    names: dict[type, str] = {list: "a list", dict: "an object", str: "a string"}
    return names.get(type(value), f"a {type(value).__name__}")
