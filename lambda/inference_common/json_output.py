"""JSON that leaves us: written by one function, which writes nothing that another reader would refuse.

Python's own writer has words of its own for numbers that JSON has none for (`NaN`, `Infinity`), and writes half of a
surrogate pair as if it were a character. RFC 8259 forbids the first (section 6) and calls the second unpredictable
(section 8.2): strict readers fail on the whole document, and the caller is told 200.
"""

from __future__ import annotations

import json
import re
from typing import Any

SURROGATE = "\\ud"
"""How every surrogate begins where all but ASCII is escaped; so do some that are none, which the pattern sorts out."""
ESCAPE = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u(d[89a-f][0-9a-f]{2})|\\.")


def dumps(document: Any, **options: Any) -> str:
    """Write a document as ASCII.

    Raises:
        ValueError: it holds a number or a text that JSON cannot. Answers of models were checked before
            (`model_answers`), so this is a defect of ours.
    """
    text = json.dumps(document, allow_nan=False, **options)
    if SURROGATE in text and any(match[3] for match in ESCAPE.finditer(text)):
        raise ValueError("the document holds half of a surrogate pair, which is no character")
    return text


def readable(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair: for words that only inform."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
