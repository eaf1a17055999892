"""Stream the records of an input of any size: JSON Lines, CSV, plain text or Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from batch_submitter.store import Seekable, Store
from inference_common import records as common
from inference_common.errors import BadRequest
from inference_common.named_rows import Shape, plain
from inference_common.records import HEADERS, ROW, Layout, Record, id_of, id_place, of, shown, text_column

PARQUET = "parquet"
SUFFIXES = {
    ".jsonl": common.JSON_LINES,
    ".jsonlines": common.JSON_LINES,
    ".ndjson": common.JSON_LINES,
    ".csv": common.CSV,
    ".txt": common.TEXT,
    ".parquet": PARQUET,
}
BATCH = 1000
BUFFER = 1024 * 1024
LONGEST_NAME = 60


class Input(NamedTuple):
    """An input object in the version of the request's submission."""

    key: str
    etag: str
    size: int
    format: str
    column: str | None = None
    delimiter: str | None = None
    id: str | None = None
    types: Mapping[str, str] = {}


def format_of(key: str, requested: str) -> str:
    if requested != "auto":
        return requested
    kind = next((kind for suffix, kind in SUFFIXES.items() if key.lower().endswith(suffix)), None)
    if kind is None:
        raise BadRequest(f"the name of '{key}' must end with one of {', '.join(SUFFIXES)}", "input")
    return kind


def read(store: Store, given: Input, refused: Callable[[Any], str]) -> Iterator[Record]:
    """Yield all records in order. Raises `BadRequest` for an unreadable object.

    Args:
        store: the bucket.
        given: the object.
        refused: returns why the blueprint's model does not take an input, or an empty string.
    """
    for record in _read(store, given):
        wrong = "" if record.error else refused(record.input)
        yield Record("", wrong, record.id) if wrong else record


def _read(store: Store, given: Input) -> Iterator[Record]:
    layout = Layout(given.column, given.delimiter or ",", given.id, given.types)
    try:
        if given.format == PARQUET:
            yield from _parquet(store, given)
        else:
            yield from common.read(given.format, store.chunks(given.key, given.etag), layout)
    except BadRequest as error:
        name = given.key.rsplit("/", 1)[-1][:LONGEST_NAME]
        raise BadRequest(f"'{name}': {error.message}", "input") from error


def _parquet(store: Store, given: Input) -> Iterator[Record]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise BadRequest(
            "Parquet cannot be read here: set `inference.parquet_layer_arn` in the environment's file"
        ) from None
    file = io.BufferedReader(Seekable(store, given.key, given.etag, given.size), BUFFER)
    try:
        table = parquet.ParquetFile(file)
        rows = _named_rows if given.column == ROW else _column
        yield from rows(table, table.schema_arrow.names, given)
    except (ConnectionError, TimeoutError):
        raise
    except (arrow.ArrowException, OSError) as error:  # pyarrow raises OSError for a damaged page
        raise BadRequest(f"it is not Parquet: {error}") from error


def _column(table: Any, columns: Sequence[str], given: Input) -> Iterator[Record]:
    """Yield the values of the column that holds the inputs."""
    place = text_column(columns, given.column)
    if place is None:
        expected = given.column or " or ".join(sorted(HEADERS))
        raise BadRequest(f"there is no column {expected}, but {shown(columns)}")
    named_by = id_place(columns, given.id)
    ids = [columns[named_by]] if named_by is not None and named_by != place else []
    for batch in table.iter_batches(batch_size=BATCH, columns=[columns[place], *ids]):
        values = _values(batch.column(columns[place]))
        names = _values(batch.column(ids[0])) if ids else [None] * len(values)
        for value, name in zip(values, names, strict=True):
            yield of(plain(value), f"the column '{columns[place]}'", name)


def _named_rows(table: Any, columns: Sequence[str], given: Input) -> Iterator[Record]:
    """Yield each row as an object."""
    place = id_place(columns, given.id)
    shape = Shape(columns, place, {})
    for batch in table.iter_batches(batch_size=BATCH):
        for row in zip(*(_values(batch.column(name)) for name in columns), strict=True):
            values = [plain(value) for value in row]
            yield of(shape.of(values), "the row", id_of(values[place]) if place is not None else None)


def _values(column: Any) -> list[Any]:
    """Return the values of a column; a cell that is not UTF-8 is returned as bytes."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_value(each) for each in column]


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return cell.as_buffer().to_pybytes()
