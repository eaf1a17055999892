"""Turn rows of a table into objects: one value per column, under the column's name. Pure.

The caller requests this (`column` is `*`); nothing is guessed. Cells of CSV are texts unless the blueprint gives their
columns a type; an empty cell of such a column is null. Parquet has its own types.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inference_common.csv_rows import NAMES
from inference_common.errors import BadRequest
from inference_common.model_answers import NUMBER

WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
BOOLEANS = {"true": True, "false": False}


class Shape:
    """The columns of a table that make the object, and the column that names its record."""

    def __init__(self, columns: Sequence[str], id_place: int | None, types: Mapping[str, str]) -> None:
        names = [name.strip() for name in columns]
        self.id_place = id_place
        self._places = {name: place for place, name in enumerate(names) if place != id_place}
        unnamed = [place + 1 for place, name in enumerate(names) if not name]
        twice = sorted({name for name in names if names.count(name) > 1 and name})
        foreign = sorted(set(types) - set(self._places))
        if unnamed:
            raise BadRequest(f"column {unnamed[0]} has no name, so the rows cannot be objects")
        if twice:
            raise BadRequest(f"two columns are called '{twice[0][:64]}', so the rows cannot be objects")
        if not self._places:
            raise BadRequest("the only column names the records; there is none with an input")
        if foreign:
            raise BadRequest(f"there is no column '{foreign[0]}', to which batch.types gives a type")
        if len(names) == 1:
            _check_split(names[0])
        self._converters = {name: CONVERTERS[type_] for name, type_ in types.items()}

    def of(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return a row as an object. Raises `ValueError` naming the column whose cell is not of its type."""
        row = {name: values[place] for name, place in self._places.items()}
        for name, convert in self._converters.items():
            row[name] = convert(row[name], name)
        return row


def _check_split(heading: str) -> None:
    """Refuse a heading of one cell that looks like several: the delimiter is never guessed."""
    other = next((name for name in NAMES if name in heading), None)
    if other:
        raise BadRequest(
            f"the cells of this CSV seem to be separated by a {NAMES[other]}: "
            "say so (delimiter of the content type, batch.delimiter of the blueprint)"
        )


def plain(value: Any) -> Any:
    """Convert the types of Parquet that JSON lacks: times to ISO 8601, decimals to numbers."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _text(cell: str, name: str) -> str:
    return cell


def _whole(cell: str, name: str) -> int | None:
    cell = cell.strip()
    if cell and not WHOLE.fullmatch(cell):
        raise ValueError(f"'{name[:64]}' must be a whole number of at most 18 digits")
    return int(cell) if cell else None


def _number(cell: str, name: str) -> float | None:
    cell = cell.strip()
    if cell and not NUMBER.fullmatch(cell):
        raise ValueError(f"'{name[:64]}' must be a number")
    return float(cell) if cell else None


def _boolean(cell: str, name: str) -> bool | None:
    cell = cell.strip().lower()
    if cell and cell not in BOOLEANS:
        raise ValueError(f"'{name[:64]}' must be true or false")
    return BOOLEANS[cell] if cell else None


CONVERTERS: dict[str, Callable[[str, str], Any]] = {
    "string": _text,
    "bigint": _whole,
    "double": _number,
    "boolean": _boolean,
}
