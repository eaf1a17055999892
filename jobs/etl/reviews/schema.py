"""Whether a file still has the columns that the job expects, and which ones changed. Pure.

Raw files have no header, so columns are known by their place and by what their cells look like; where a header
is found, by its names.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import permutations

from reviews.rules import NUMBER, ROW_ID

EXPECTED = ("id", "rating", "text")
SAME = {"review_id": "id"}
"""Names in a header that mean an expected column."""
KNOWN = frozenset(EXPECTED) | frozenset(SAME) | {"score", "stars", "review", "snippet", "sentence", "comment", "label"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
FITS, MISFITS = 0.9, 0.5
"""Share of cells that look like a column's, at least; and below which an expected column is not where it should be."""


@dataclass(frozen=True)
class Change:
    """How a file's columns differ. `kind` is one of extra, missing, renamed, reordered."""

    kind: str
    detail: str

    @property
    def reason(self) -> str:
        """What the quarantine calls it."""
        return f"schema_{self.kind}_columns"


def cells_of(line: bytes) -> list[str]:
    """Split a line into cells for inspection; bytes that are not UTF-8 become replacement characters."""
    return [cell.strip() for cell in line.decode("utf-8-sig", "replace").split("\t")]


def header_of(line: bytes) -> list[str] | None:
    """Return the names in a line that is a header: all words, all different, one of them known."""
    cells = cells_of(line)
    words = all(NAME.fullmatch(cell) for cell in cells) and len({cell.lower() for cell in cells}) == len(cells)
    return cells if words and len(cells) > 1 and KNOWN & {cell.lower() for cell in cells} else None


def change_in(sample: list[bytes]) -> Change | None:
    """Return the change in a file that begins with these lines; `None` if its columns are as expected."""
    if not sample:
        return None
    names = header_of(sample[0])
    return _by_name(names) if names else _by_looks([cells_of(line) for line in sample])


def _by_name(names: list[str]) -> Change | None:
    header = [SAME.get(name.lower(), name.lower()) for name in names]
    missing = [name for name in EXPECTED if name not in header]
    extra = [name for name in header if name not in EXPECTED]
    if missing and len(header) == len(EXPECTED):
        places = zip(EXPECTED, header, strict=True)
        pairs = [f"{old} is {new}" for old, new in places if old in missing and new in extra]
        return Change("renamed", ", ".join(pairs) or f"{', '.join(missing)} is {', '.join(extra)}")
    if missing:
        return Change("missing", ", ".join(missing) + (f"; new: {', '.join(extra)}" if extra else ""))
    if extra:
        return Change("extra", ", ".join(extra))
    return Change("reordered", ", ".join(header)) if header != list(EXPECTED) else None


def _by_looks(rows: list[list[str]]) -> Change | None:
    [(width, count)] = Counter(len(row) for row in rows).most_common(1)
    if count * 2 <= len(rows):
        return None  # no shape that most rows share: each is judged by itself
    if width != len(EXPECTED):
        return Change("extra" if width > len(EXPECTED) else "missing", f"{width} columns instead of {len(EXPECTED)}")
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    ids = [sum(bool(ROW_ID.fullmatch(cell)) for cell in column) / len(column) for column in columns]
    ratings = [sum(bool(NUMBER.fullmatch(cell)) for cell in column) / len(column) for column in columns]
    if ids[0] >= MISFITS and ratings[1] >= MISFITS:
        return None
    for at_id, at_rating in permutations(range(width), 2):
        if (at_id, at_rating) != (0, 1) and ids[at_id] >= FITS and ratings[at_rating] >= FITS:
            order = {at_id: "id", at_rating: "rating"}
            return Change("reordered", ", ".join(order.get(place, "text") for place in range(width)))
    return None
