"""Rated review snippets: cleaned text, and a label from the sign of the rating."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# What str.split() takes for blanks (U+0009 to U+000D, U+001C to U+001F, U+0085) is cleaned, not refused.
CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f]")


def clean(text: str) -> str:
    """Normalise to one Unicode form and single blanks, so that equal sentences are equal strings."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def transform(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the labelled snippet; `None` for a rating of exactly zero, which fits neither label."""
    if CONTROL.search(row["text"]):
        raise ValueError("control_character")
    text = clean(row["text"])
    if not text:
        raise ValueError("empty_text")
    rating = row["rating"]
    if rating == 0:
        return None
    number = row["id"].strip()
    return {
        "review_id": f"{row['source']}-{number}",
        # Amazon's ids are `<review>_<snippet>`; a movie snippet is a separate review.
        "group_id": f"{row['source']}-{number.split('_')[0]}",
        "rating": rating,
        "label": "positive" if rating > 0 else "negative",
        "text": text,
    }
