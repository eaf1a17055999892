"""What a record becomes: rows of the output, a row left out, or a broken rule. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from tabular.errors import Broken
from tabular.spec import Spec
from tabular.values import checker, text_of

PROCESSED, LEFT_OUT, QUARANTINED = "processed", "left_out", "quarantined"
OUTCOMES = (PROCESSED, LEFT_OUT, QUARANTINED)
DUPLICATE = "duplicate_id"
REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
EPOCH, DAY_ZERO = datetime(1970, 1, 1), date(1970, 1, 1)
ID_CHARACTERS = 32

Transform = Callable[[dict[str, Any]], Any]
"""The dataset's own: a row in; a row, rows or `None` out. Raises `ValueError(reason)`."""


class Judged(NamedTuple):
    """A row and its outcome. Of a quarantined row only `reason` is set, of one left out nothing.

    `id`, `group` and `label` are text; `at` orders rows by time; `cells` are in the order of the output's columns.
    """

    outcome: str
    reason: str = ""
    id: str = ""
    group: str = ""
    label: str | None = None
    at: float | int | None = None
    cells: tuple[Any, ...] = ()


LEFT = Judged(LEFT_OUT)


def quarantined(reason: str) -> Judged:
    return Judged(QUARANTINED, reason)


class Contract:
    """The rules of a dataset, ready to judge records.

    Args:
        transform: the dataset's own; rows go on as they are without one.
    """

    def __init__(self, spec: Spec, transform: Transform | None = None) -> None:
        self._transform = transform
        self._file = [(column.name, checker(column)) for column in spec.file_columns]
        self._folders = [(column.name, checker(column)) for column in spec.folder_columns]
        generated = spec.roles.id is None
        # Rows that no transform touched have been checked as records.
        checked = spec.columns if transform is None else ()
        self._written = [
            (column.name, None if column in checked else checker(column))
            for column in spec.stored_columns[1 if generated else 0 :]
        ]
        self._generated = generated
        places = {column.name: place for place, column in enumerate(spec.output)}
        roles = spec.roles
        self._id = places[spec.id]
        self._group, self._label, self._time = (
            None if name is None else places[name] for name in (roles.group, roles.label, roles.time)
        )
        needed = (roles.id, roles.group, roles.label, roles.time if spec.split.method == "time" else None)
        self._needed = [(places[name], f"{name}:required") for name in needed if name is not None]

    def judge(self, values: Sequence[Any], folders: Sequence[str]) -> list[Judged]:
        """Judge a record. The runner checks whether its rows' ids were seen before.

        Args:
            values: those of the file's columns, in the specification's order.
            folders: those of the folders' columns.
        """
        try:
            record = {name: check(value) for (name, check), value in zip(self._file, values, strict=True)}
            of_folders = tuple([check(value) for (_, check), value in zip(self._folders, folders, strict=True)])
            if self._transform is None:
                return [self._row(record, of_folders)]
            for (name, _), value in zip(self._folders, of_folders, strict=True):
                record[name] = value
            made = self._transform(record)
        except Broken as broken:
            return [quarantined(str(broken))]
        except Exception as error:
            return [quarantined(_reason(error))]
        if made is None:
            return [LEFT]
        if isinstance(made, (list, tuple)):
            return [self._judged(row, of_folders) for row in made] or [LEFT]
        return [self._judged(made, of_folders)]

    def _judged(self, row: Any, of_folders: tuple[Any, ...]) -> Judged:
        if not isinstance(row, Mapping):
            return quarantined("transform:not_a_row")
        try:
            return self._row(row, of_folders)
        except Broken as broken:
            return quarantined(str(broken))

    def _row(self, row: Mapping[str, Any], of_folders: tuple[Any, ...]) -> Judged:
        get = row.get
        cells = (*[get(name) if check is None else check(get(name)) for name, check in self._written], *of_folders)
        if self._generated:
            cells = (hashlib.sha256(canonical(cells)).hexdigest()[:ID_CHARACTERS], *cells)
        for place, reason in self._needed:
            if cells[place] is None:
                raise Broken(reason)
        row_id = text_of(cells[self._id])
        group = row_id if self._group is None else text_of(cells[self._group])
        label = None if self._label is None else text_of(cells[self._label])
        at = None if self._time is None else moment(cells[self._time])
        return Judged(PROCESSED, "", row_id, group, label, at, cells)


def _reason(error: Exception) -> str:
    """Return a transform's own reason; for any other error its kind, since its words may differ from row to row."""
    if isinstance(error, ValueError) and REASON.fullmatch(str(error)):
        return str(error)
    return f"transform:{type(error).__name__}"


def moment(value: Any) -> float | int | None:
    """Return a number in the order of times: microseconds, days, or the number itself."""
    if isinstance(value, datetime):
        passed = value - EPOCH
        return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
    if isinstance(value, date):
        return (value - DAY_ZERO).days
    return value if isinstance(value, (int, float)) else None


def canonical(values: Sequence[Any]) -> bytes:
    """Return values as bytes that are equal for equal values."""
    return json.dumps(values, ensure_ascii=False, default=text_of, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


class Ids:
    """Ids of rows, each once.

    A row whose id comes again is a duplicate; where ids are generated, equal rows are counted on instead: a table
    without a key may hold them.
    """

    def __init__(self, spec: Spec) -> None:
        self._generated = spec.roles.id is None
        self._seen: set[str] = set()
        self._times: dict[str, int] = {}

    def taken(self, row: Judged) -> Judged:
        if row.outcome != PROCESSED:
            return row
        if row.id not in self._seen:
            self._seen.add(row.id)
            return row
        if not self._generated:
            return quarantined(DUPLICATE)
        times = self._times[row.id] = self._times.get(row.id, 1) + 1
        return numbered(row, times)


def numbered(row: Judged, times: int) -> Judged:
    """Return a row with a generated id as the one of that number among its equals."""
    made = numbered_id(row.id, times)
    return row._replace(id=made, cells=(made, *row.cells[1:]))


def numbered_id(row_id: str, times: int) -> str:
    return row_id if times == 1 else f"{row_id}-{times}"


def group_of(spec: Spec, row_id: Any, group: Any) -> str:
    """Return the group of a written row, given its values of the columns for id and group."""
    if spec.roles.group is not None:
        return text_of(group)
    return str(row_id)[:ID_CHARACTERS] if spec.roles.id is None else text_of(row_id)


def row_number(source: str, record: bytes) -> int:
    """Hash a record to a number of 256 bits. The numbers' sum does not depend on the records' order or files."""
    return int.from_bytes(hashlib.sha256(source.encode() + b"\t" + record).digest(), "big")


def fingerprint(total: int, records: int) -> str:
    """Compute the fingerprint of a set of records from the sum of their numbers."""
    content = (total % (1 << 256)).to_bytes(32, "big") + records.to_bytes(8, "big")
    return "sha256:" + hashlib.sha256(content).hexdigest()
