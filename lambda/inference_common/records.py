"""Read records of JSON Lines, CSV and plain text, the same for every API. Pure.

A record is an input for a model, or an error that names its line. Synchronous APIs refuse the request at the first
error, a batch continues. Input that is unreadable as a whole, such as another encoding or an ambiguous heading, raises
`BadRequest`. The rules are in docs/reference/formats.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from inference_common.csv_rows import NAMES, Row, rows
from inference_common.encoding import OtherEncoding, lines
from inference_common.errors import BadRequest
from inference_common.inputs import refusal, text_refusal
from inference_common.json_input import loads_given
from inference_common.named_rows import Shape
from inference_common.requests import why_not_json

TEXT_FIELDS = ("input", "inputs", "text", "prompt")
"""Fields of a JSON Lines object that hold its input; only the first may hold something other than a text."""
HEADERS = {*TEXT_FIELDS, "review", "review_body"}
ROW = "*"
"""The column that stands for all of them: a row is an object."""
ID = "id"
LONGEST_ID = 256
JSON_SPACE = " \t\r"
LONGEST_SHOWN = 20

CR_ALONE = "the lines of this CSV seem to end with CR alone; save it with LF or CRLF"

JSON_LINES, CSV, TEXT = "jsonlines", "csv", "text"


class Record(NamedTuple):
    """A record. `error` says why it is invalid; `id` is the caller's own id."""

    input: Any
    error: str | None = None
    id: str | int | None = None


class Layout(NamedTuple):
    """The caller's description of a document.

    `column` is the field or column of the inputs, or `*` for whole rows; `id` the one that names the records, instead
    of `id`; `types` the types of the other columns, for rows of CSV.
    """

    column: str | None = None
    delimiter: str = ","
    id: str | None = None
    types: Mapping[str, str] = {}


def read(kind: str, chunks: Iterable[bytes], layout: Layout | None = None) -> Iterator[Record]:
    """Yield all records in order. Raises `BadRequest` for unreadable input."""
    try:
        yield from READERS[kind](chunks, layout or Layout())
    except OtherEncoding as error:
        raise BadRequest(f"the input is not UTF-8 text: {error}") from None


def of(value: Any, named: str, id: Any = None) -> Record:
    """Return the record of one value; `named` says where it is."""
    return _record(value, refusal(value), named, id)


def of_text(text: Any, named: str, id: Any = None) -> Record:
    """Return the record of a value that must be a text."""
    return _record(text, text_refusal(text), named, id)


def _record(value: Any, wrong: str, named: str, id: Any) -> Record:
    return Record("" if wrong else value, f"{named} {wrong}" if wrong else None, id_of(id))


def id_of(value: Any) -> str | int | None:
    """Return the id to send back with an answer, if it is a short string or an integer."""
    if isinstance(value, str):
        return value if 1 <= len(value) <= LONGEST_ID else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _json_lines(chunks: Iterable[bytes], layout: Layout) -> Iterator[Record]:
    for line in lines(chunks):
        here = f"line {line.number}"
        if line.error:
            yield Record("", line.error)
            continue
        if not line.text.strip(JSON_SPACE):
            continue
        try:
            value = loads_given(line.text)
        except ValueError as error:
            yield Record("", why_not_json(error, here, line=False))
            continue
        yield _of_line(value, here, layout)


def _of_line(value: Any, here: str, layout: Layout) -> Record:
    """Return the record of one line of JSON Lines."""
    names = (layout.column,) if layout.column else TEXT_FIELDS
    id_field = layout.id or ID
    if layout.column == ROW:
        if not isinstance(value, dict):
            return Record("", f"{here} must be an object: every object is an input as a whole")
        row = {name: each for name, each in value.items() if name != id_field}
        return of(row, here, value.get(id_field))
    if not isinstance(value, dict):
        return of(value, f"{here}, or one of its fields {', '.join(names)},")
    name = next((name for name in names if name in value), None)
    if name is None:
        expected = f"{here} must be a string, a number or a list, or have one of {', '.join(names)}"
        return Record("", expected, id_of(value.get(id_field)))
    read_field = of if name in (layout.column, TEXT_FIELDS[0]) else of_text
    return read_field(value[name], f"{here}: '{name}'", value.get(id_field) if name != id_field else None)


def _text(chunks: Iterable[bytes], layout: Layout) -> Iterator[Record]:
    first = True
    for line in lines(chunks):
        if line.error:
            yield Record("", line.error)
        elif line.text:
            if first:
                _check_not_json(line.text, line.number)
            yield of_text(line.text, f"line {line.number}")
        first = first and not line.text


def _check_not_json(text: str, line: int) -> None:
    """Refuse JSON in plain text, which browsers send by default and which would be scored as text."""
    if not text.lstrip().startswith("{"):
        return
    try:
        value = loads_given(text)
    except ValueError:
        is_json = text.strip() == "{"
    else:
        is_json = isinstance(value, dict) and any(name in value for name in TEXT_FIELDS)
    if is_json:
        raise BadRequest(f"line {line} is JSON, not a text: say so (content type, batch.format)")


def _csv(chunks: Iterable[bytes], layout: Layout) -> Iterator[Record]:
    table = rows(lines(chunks), layout.delimiter)
    first = next(table, None)
    if first is None:
        return
    if first.error:
        raise BadRequest(f"the first row of the CSV cannot be read: {first.error}")
    if layout.column == ROW:
        yield from _objects(first.cells, table, layout)
        return
    columns = first.cells
    text, is_heading = _text_column(columns, layout)
    place = id_place(columns, layout.id) if is_heading else None

    def record(row: Row) -> Record:
        named_by = place is not None and place != text and len(row.cells) == len(columns)
        id_ = row.cells[place] if place is not None and named_by else None
        if row.error:
            return Record("", row.error, id_of(id_))
        named = f"'{columns[text].strip()}'" if is_heading else "the cell"
        return of_text(row.cells[text], f"line {row.line}: {named}", id_)

    if not is_heading:
        _check_not_json(columns[0], first.line)
        yield record(first)
    yield from map(record, table)


def _objects(columns: Sequence[str], table: Iterable[Row], layout: Layout) -> Iterator[Record]:
    """Yield each row as an object, named by the heading."""
    if any("\r" in name for name in columns):
        raise BadRequest(CR_ALONE)
    place = id_place(columns, layout.id)
    shape = Shape(columns, place, layout.types)
    for row in table:
        if row.error:
            yield Record("", row.error)
            continue
        id_ = row.cells[place] if place is not None else None
        try:
            yield of(shape.of(row.cells), f"line {row.line}", id_)
        except ValueError as error:
            yield Record("", f"line {row.line}: {error}", id_of(id_))


def id_place(columns: Sequence[str], name: str | None) -> int | None:
    """Return the column that names the records: the configured one, or the only one called `id`."""
    if name is None:
        places = [place for place, each in enumerate(columns) if each.strip().lower() == ID]
        return places[0] if len(places) == 1 else None
    places = [place for place, each in enumerate(columns) if each.strip() == name]
    if len(places) != 1:
        raise BadRequest(f"the names of the records must be in one column '{name}'; there is {shown(columns)}")
    return places[0]


def _text_column(columns: Sequence[str], layout: Layout) -> tuple[int, bool]:
    """Return the column of the texts, and whether the first row is a heading."""
    place = text_column(columns, layout.column)
    if place is not None:
        return place, True

    def holds(other: str) -> bool:
        parts = (cell.split(other) for cell in columns if other in cell)
        return any(text_column(each, layout.column, first=True) is not None for each in parts)

    if holds("\r"):
        raise BadRequest(CR_ALONE)
    for other in NAMES:
        if other != layout.delimiter and holds(other):
            raise BadRequest(
                f"the cells of this CSV seem to be separated by a {NAMES[other]}, not by a {NAMES[layout.delimiter]}: "
                "say so (delimiter of the content type, batch.delimiter of the blueprint)"
            )
    if layout.column or len(columns) != 1:
        expected = f"'{layout.column}'" if layout.column else f"one of {', '.join(sorted(HEADERS))}"
        raise BadRequest(
            f"which column has the texts? CSV of several columns needs a heading with {expected}; "
            f"it has {shown(columns)}"
        )
    return 0, False


def text_column(columns: Sequence[str], column: str | None, *, first: bool = False) -> int | None:
    """Return the index of the column that has the texts, by its name.

    Raises:
        BadRequest: several columns match, unless `first` is set.
    """
    matches: Callable[[str], bool] = (
        (lambda name: name.strip() == column) if column else (lambda name: name.strip().lower() in HEADERS)
    )
    places = [place for place, name in enumerate(columns) if matches(name)]
    if len(places) > 1 and not first:
        both = shown([columns[place] for place in places])
        raise BadRequest(
            f"the columns {both} could each be the text: name one "
            "(column of the content type, batch.column of the blueprint)"
        )
    return places[0] if places else None


def shown(names: Sequence[str]) -> str:
    """List column names, each clipped, and only the first few of many."""
    few = [f"'{name[:LONGEST_SHOWN]}{'…' if len(name) > LONGEST_SHOWN else ''}'" for name in names[:6]]
    return ", ".join(few) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


READERS: dict[str, Callable[[Iterable[bytes], Layout], Iterator[Record]]] = {
    JSON_LINES: _json_lines,
    CSV: _csv,
    TEXT: _text,
}
