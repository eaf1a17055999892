"""What one raw line is: a labelled review, a review without a label, or a broken rule. Pure."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from typing import NamedTuple

RATING_LIMIT = 4.0
"""Raters chose from -4 to +4."""
MAX_LINE_BYTES = 1 << 20
ROW_ID = re.compile(r"[0-9]{1,18}(_[0-9]{1,9})?")
# float() alone would take "1_0" and digits of other scripts.
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
# What str.split() takes for blanks (U+0009 to U+000D, U+001C to U+001F, U+0085) is cleaned, not refused.
CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f]")

PROCESSED, LEFT_OUT, QUARANTINED = "processed", "left_out", "quarantined"
OUTCOMES = (PROCESSED, LEFT_OUT, QUARANTINED)
LABELS = ("negative", "positive")


class Judged(NamedTuple):
    """A line's outcome. Of a quarantined line only `reason` is set; `group_id` names the review it was cut from."""

    outcome: str
    reason: str = ""
    review_id: str = ""
    group_id: str = ""
    rating: float = 0.0
    label: str = ""
    text: str = ""


def quarantined(reason: str) -> Judged:
    return Judged(QUARANTINED, reason)


def clean_text(text: str) -> str:
    """Normalise to one Unicode form and single blanks, so that equal sentences are equal strings."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def judge(source: str, line: bytes) -> Judged:
    """Judge one line without its end. The runner checks whether its id was seen before."""
    if len(line) > MAX_LINE_BYTES:
        return quarantined("line_too_long")
    try:
        cells = line.decode("utf-8-sig").split("\t")
    except UnicodeDecodeError:
        return quarantined("not_utf8")
    if len(cells) != 3:
        return quarantined("wrong_column_count")
    row_id, rating_text, raw_text = cells[0].strip(), cells[1].strip(), cells[2]
    if not ROW_ID.fullmatch(row_id):
        return quarantined("bad_id")
    if not NUMBER.fullmatch(rating_text):
        return quarantined("rating_out_of_range" if NOT_FINITE.fullmatch(rating_text) else "rating_not_a_number")
    rating = float(rating_text)
    if not math.isfinite(rating) or abs(rating) > RATING_LIMIT:
        return quarantined("rating_out_of_range")
    if CONTROL.search(raw_text):
        return quarantined("control_character")
    text = clean_text(raw_text)
    if not text:
        return quarantined("empty_text")
    review_id = source + "-" + row_id
    # Amazon ids are `<review>_<snippet>`; a movie snippet is a separate review.
    group_id = source + "-" + row_id.split("_")[0]
    if rating == 0:  # neither label fits
        return Judged(LEFT_OUT, "", review_id, group_id)
    return Judged(PROCESSED, "", review_id, group_id, rating, LABELS[rating > 0], text)


def row_number(source: str, line: bytes) -> int:
    """Hash a row to a number of 256 bits. The numbers' sum does not depend on the rows' order or files."""
    return int.from_bytes(hashlib.sha256(source.encode() + b"\t" + line).digest(), "big")


def fingerprint(total: int, rows: int) -> str:
    """Compute the fingerprint of a set of rows from the sum of their numbers."""
    content = (total % (1 << 256)).to_bytes(32, "big") + rows.to_bytes(8, "big")
    return "sha256:" + hashlib.sha256(content).hexdigest()
