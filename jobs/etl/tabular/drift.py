"""Whether a file still has the columns that the specification expects, and where they are. Pure.

With a header the names are the rule: columns may stand anywhere, and others beside them do no harm. Without one the
order is the rule, and the cells' looks tell whether it still holds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tabular.errors import Broken
from tabular.spec import Column
from tabular.values import checker

WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
FITS, MISFITS = 0.9, 0.5
"""Share of cells that fit a column's rules, at least; and below which a column is not where it should be."""
COMPARED = 40
"""Columns up to which a new order is looked for: each is compared with each."""


@dataclass(frozen=True)
class Change:
    """How a file's columns differ. `kind` is one of extra, missing, renamed, reordered."""

    kind: str
    detail: str
    refused: bool = True
    """Whether the file's records go into quarantine; otherwise the change is only reported."""

    @property
    def reason(self) -> str:
        """What the quarantine calls it."""
        return f"schema_{self.kind}_columns"


@dataclass(frozen=True)
class Places:
    """Where the specification's columns are in a file's rows: -1 for one that is not there."""

    places: tuple[int, ...]
    width: int
    change: Change | None = None


def normal(name: str) -> str:
    """Return a name as the Glue catalogue spells it, so that `Petal length (cm)` is `petal_length_cm`."""
    return re.sub(r"[^0-9a-z_]+", "_", name.strip().lower()).strip("_")


def header_in(cells: Sequence[str], columns: Sequence[Column]) -> bool:
    """Return whether a row in a file without header is one: different words, half of them names of columns."""
    expected = {normal(column.name) for column in columns}
    words = all(WORD.fullmatch(cell.strip()) for cell in cells) and len({cell.strip() for cell in cells}) == len(cells)
    return words and len(cells) > 1 and sum(normal(cell) in expected for cell in cells) * 2 >= len(cells)


def by_name(names: Sequence[str], columns: Sequence[Column], *, ordered: bool = False) -> Places:
    """Find columns by the names in a header, or in a file's own schema.

    Args:
        ordered: the specification says that there is no header, so the order must be its.
    """
    header = [normal(name) for name in names]
    expected = [normal(column.name) for column in columns]
    places = tuple(header.index(name) if name in header else -1 for name in expected)
    absent = [column.name for column, place in zip(columns, places, strict=True) if place < 0]
    missing = [column.name for column, place in zip(columns, places, strict=True) if place < 0 and column.required]
    extra = [name or "(no name)" for name in header if name not in expected]
    change = None
    if missing and len(header) == len(expected):
        pairs = [f"{old} is {new}" for old, new in zip(expected, header, strict=True) if old != new and new in extra]
        change = Change("renamed", ", ".join(pairs) or f"{', '.join(missing)} is {', '.join(extra)}")
    elif missing or absent:
        new = f"; new: {', '.join(extra)}" if extra else ""
        change = Change("missing", ", ".join(missing or absent) + new, refused=bool(missing))
    elif extra:
        change = Change("extra", ", ".join(extra), refused=ordered)
    elif ordered and header != expected:
        change = Change("reordered", ", ".join(header))
    return Places(places, len(header), change)


def by_order(order: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Places:
    """Find columns by their order, and judge from the first rows whether it still holds.

    Args:
        order: names of the cells, as they should be.
    """
    expected = [normal(name) for name in order]
    names = [normal(column.name) for column in columns]
    places = tuple(expected.index(name) if name in expected else -1 for name in names)
    return Places(places, len(expected), _by_looks(expected, columns, places, rows) if rows else None)


def _by_looks(
    expected: Sequence[str], columns: Sequence[Column], places: Sequence[int], rows: Sequence[Sequence[str]]
) -> Change | None:
    [(width, count)] = Counter(len(row) for row in rows).most_common(1)
    if count * 2 <= len(rows):
        return None  # no shape that most rows share: each is judged by itself
    if width != len(expected):
        kind = "extra" if width > len(expected) else "missing"
        return Change(kind, f"{width} columns instead of {len(expected)}")
    if width > COMPARED:
        return None
    cells = list(zip(*(row for row in rows if len(row) == width), strict=True))
    fits = [[_share(column, values) for values in cells] for column in columns]
    if all(shares[place] >= MISFITS for shares, place in zip(fits, places, strict=True) if place >= 0):
        return None
    matched = _matched(fits, places)
    if matched is None or matched == list(places):
        return None
    names = {place: column.name for column, place in zip(columns, matched, strict=True)}
    return Change("reordered", ", ".join(names.get(place, "?") for place in range(width)))


def _share(column: Column, cells: Sequence[str]) -> float:
    check, good = checker(column), 0
    for cell in cells:
        try:
            check(cell)
        except Broken:
            continue
        good += 1
    return good / len(cells)


def _matched(fits: Sequence[Sequence[float]], places: Sequence[int]) -> list[int] | None:
    """Give each column a place that fits, its own if it can be; `None` if that is impossible."""
    holder: dict[int, int] = {}

    def settle(column: int, tried: set[int]) -> bool:
        own = places[column]
        for place in sorted(range(len(fits[column])), key=lambda place: place != own):
            if place in tried or fits[column][place] < FITS:
                continue
            tried.add(place)
            if place not in holder or settle(holder[place], tried):
                holder[place] = column
                return True
        return False

    for column in sorted(range(len(fits)), key=lambda column: sum(fits[column])):
        if not settle(column, set()):
            return None
    place_of = {column: place for place, column in holder.items()}
    return [place_of[column] for column in range(len(fits))]
