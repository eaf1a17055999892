"""Write strict JSON that every parser accepts.

Python's own writer emits `NaN` and `Infinity`, and lone surrogates as if they were characters. RFC 8259 forbids the
former (section 6) and calls the latter unpredictable (section 8.2): strict parsers would fail on the whole document,
after a status of 200.
"""

from __future__ import annotations

import json
import re
from typing import Any

SURROGATE = "\\ud"
"""The start of every escaped surrogate, and of a few other characters, which the pattern excludes."""
ESCAPE = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u(d[89a-f][0-9a-f]{2})|\\.")


def dumps(document: Any, **options: Any) -> str:
    """Write a document as ASCII.

    Raises:
        ValueError: a number or text has no JSON form. Model answers were checked before (`model_answers`), so this
            is a defect.
    """
    text = json.dumps(document, allow_nan=False, **options)
    if SURROGATE in text and any(match[3] for match in ESCAPE.finditer(text)):
        raise ValueError("the document holds half of a surrogate pair, which is not a character")
    return text


def readable(text: str) -> str:
    """Replace lone surrogates by question marks, for informational text."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
