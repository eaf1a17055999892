"""Infer the columns of a file of data from its values, and keep what was seen of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrator.config.model.dataset import ColumnType, Format
from orchestrator.scaffold.naming import column_names
from orchestrator.scaffold.raw import Raw
from orchestrator.scaffold.values import MARKERS, converted, is_missing, kind_of, kind_of_cell, text_of

MOST_ROWS = 200_000
"""Rows from which a contract is inferred."""
FEW = 10
"""Different values up to which all are shown."""
LABELS = 20
"""Different values up to which a column may hold the labels of a classification."""
_COUNTED = 100_000
_EXCEPTIONS = 0.01
"""Share of values that may be of no number in a column of numbers: such rows go into quarantine."""
_WORDS = 4
"""Words of an average value from which a column holds texts."""


@dataclass
class Column:
    """A column, and what its values were.

    Attributes:
        missing: rows without a value.
        markers: texts that mean no value, such as `NA`, and how often they occur.
        odd: values that do not have the type, and how often they occur.
        values: the different values, up to a limit; `many` says that it was exceeded.
        words: the number of words of all texts.
    """

    name: str
    original: str
    type: ColumnType = "string"
    rows: int = 0
    missing: int = 0
    nested: bool = False
    markers: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    values: Counter[Any] = field(default_factory=Counter)
    many: bool = False
    words: int = 0
    lowest: Any = None
    highest: Any = None

    @property
    def required(self) -> bool:
        return not self.missing and not self.markers

    @property
    def present(self) -> int:
        return self.rows - self.missing - self.markers.total()

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value, and another one."""
        return self.required and not self.odd and not self.many and len(self.values) == self.rows > 1

    @property
    def is_text(self) -> bool:
        """Whether its values are sentences rather than names."""
        return self.type == "string" and self.words >= _WORDS * max(1, self.present)

    @property
    def is_number(self) -> bool:
        return self.type in ("bigint", "double")

    def seen(self) -> str:
        """Describe the values."""
        if not self.present:
            return "no value"
        if not self.many and len(self.values) <= FEW and not self.is_text:
            shown = ", ".join(_short(value) for value in sorted(self.values, key=_order))
            return f"{len(self.values)} value{'s' if len(self.values) > 1 else ''}: {shown}"
        if self.lowest is not None:
            return f"{_short(self.lowest)} to {_short(self.highest)}"
        if self.is_text:
            return f"texts of {self.words / self.present:.0f} words on average"
        return (
            f"{'more than ' if self.many else ''}{len(self.values)} values, such as {_short(next(iter(self.values)))}"
        )


@dataclass(frozen=True)
class Table:
    """What was found in a file.

    Attributes:
        rows: those that were read; `complete` says whether these are all.
        uneven: rows with more or fewer cells than columns.
        nameless: numbers of columns without a usable name, which the ETL leaves out.
    """

    raw: Raw
    columns: tuple[Column, ...]
    rows: int
    complete: bool
    uneven: int
    nameless: tuple[int, ...]

    @property
    def form(self) -> Format:
        return self.raw.form

    def column(self, name: str) -> Column | None:
        return next((each for each in self.columns if each.name == name), None)


def infer(raw: Raw, most: int = MOST_ROWS) -> Table:
    """Read the rows of a file, at most so many, and infer the type of each column."""
    names = column_names(raw.names)
    columns = [Column(name, original) for name, original in zip(names, raw.names, strict=True) if name is not None]
    places = [place for place, name in enumerate(names) if name is not None]
    kinds: list[Counter[str]] = [Counter() for _ in columns]
    rows = uneven = 0
    complete = True
    for row in islice(raw.rows(), most + 1):
        if rows == most:
            complete = False
            break
        if len(row) != len(names):
            uneven += 1
            continue
        rows += 1
        for column, place, seen in zip(columns, places, kinds, strict=True):
            _take(column, row[place], seen, is_table=raw.is_table)
    for column, seen in zip(columns, kinds, strict=True):
        column.rows = rows
        column.type = _type(seen)
        _settle(column)
    nameless = tuple(place + 1 for place, name in enumerate(names) if name is None)
    return Table(raw, tuple(columns), rows, complete, uneven, nameless)


def sample_rows(folder: Path, form: Format, columns: Iterable[tuple[str, str]], most: int) -> list[dict[str, Any]]:
    """Return rows of the files in a folder as objects, with values of the columns' types.

    Rows that break a type are left out, as the ETL does; a missing value is `None`.
    """
    from orchestrator.scaffold.raw import with_form

    chosen = list(columns)
    rows: list[dict[str, Any]] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))):
        raw = with_form(path, form)
        names = [name for name, _ in chosen] if raw.is_table and not form.header else column_names(raw.names)
        places = {name: place for place, name in enumerate(names) if name is not None}
        for values in raw.rows():
            if len(rows) == most:
                return rows
            made = _object(values, places, chosen, form.nulls) if len(values) == len(names) else None
            if made is not None:
                rows.append(made)
    return rows


def _object(
    values: Sequence[Any], places: dict[str, int], columns: Sequence[tuple[str, str]], nulls: Sequence[str]
) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    for name, kind in columns:
        value = values[places[name]] if name in places else None
        try:
            row[name] = None if value in nulls else converted(value, kind)
        except (ValueError, TypeError, OverflowError):
            return None
    return row


def _take(column: Column, value: Any, kinds: Counter[str], *, is_table: bool) -> None:
    if is_missing(value):
        column.missing += 1
        return
    if is_table:
        value = value.strip()
        if value in MARKERS:
            column.markers[value] += 1
            return
        kind = kind_of_cell(value)
    else:
        kind = kind_of(value)
        if isinstance(value, (dict, list, bytes)):
            column.nested, value = not isinstance(value, bytes), text_of(value)
    kinds[kind] += 1
    if isinstance(value, str):
        column.words += len(value.split())
    if value in column.values or len(column.values) < _COUNTED:
        column.values[value] += 1
    else:
        column.many = True


def _type(kinds: Counter[str]) -> ColumnType:
    """Return the type of all values, or of nearly all if they are numbers."""
    present = set(kinds)
    if not present:
        return "string"
    if present == {"bigint"}:
        return "bigint"
    if present <= {"bigint", "double"}:
        return "double"
    if present == {"boolean"}:
        return "boolean"
    if present == {"date"}:
        return "date"
    if present <= {"date", "timestamp"}:
        return "timestamp"
    others = kinds.total() - kinds["bigint"] - kinds["double"]
    if others <= _EXCEPTIONS * kinds.total():
        return "double" if kinds["double"] else "bigint"
    return "string"


def _settle(column: Column) -> None:
    """Read the values by the type that was found, and set aside those that do not have it."""
    if column.type == "string":
        # Of a text, `NA` may be a value: Namibia, for example.
        column.values.update(column.markers)
        column.markers.clear()
        return
    typed: Counter[Any] = Counter()
    for value, count in column.values.items():
        try:
            typed[converted(value, column.type)] += count
        except (ValueError, TypeError, OverflowError):
            column.odd[str(value)] += count
    column.values = typed
    if typed and column.type != "boolean":
        column.lowest, column.highest = min(typed), max(typed)


def _order(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
