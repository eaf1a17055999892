"""Records of an input, one at a time: JSON Lines, CSV or Parquet, whatever its size."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from inference_common.errors import BadRequest
from inference_common.formats import HEADERS, TEXT_FIELDS
from inference_common.json_input import loads
from inference_common.requests import MAX_CHARACTERS
from store import Seekable, Store

SUFFIXES = {
    ".jsonl": "jsonlines",
    ".jsonlines": "jsonlines",
    ".ndjson": "jsonlines",
    ".csv": "csv",
    ".parquet": "parquet",
}
BATCH = 1000
BUFFER = 1024 * 1024


class Record(NamedTuple):
    """`error` says why it is no record that a model could be asked."""

    text: str
    error: str | None = None


class Input(NamedTuple):
    """An object as it was when the request was made."""

    key: str
    etag: str
    size: int
    format: str
    column: str | None = None


def format_of(key: str, wanted: str) -> str:
    if wanted != "auto":
        return wanted
    found = next((kind for suffix, kind in SUFFIXES.items() if key.lower().endswith(suffix)), None)
    if found is None:
        raise BadRequest(f"the name of '{key}' must end with one of {', '.join(SUFFIXES)}", "input")
    return found


def read(store: Store, given: Input) -> Iterator[Record]:
    """All records in their order. An object that is none of its format is a BadRequest."""
    return {"jsonlines": _json_lines, "csv": _csv, "parquet": _parquet}[given.format](store, given)


def checked(text: Any, named: str) -> Record:
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARACTERS:
        return Record("", f"{named} must be a string of 1 to {MAX_CHARACTERS} characters")
    return Record(text)


def _json_lines(store: Store, given: Input) -> Iterator[Record]:
    names = (given.column,) if given.column else TEXT_FIELDS
    for line in store.lines(given.key, given.etag):
        if not line.strip():
            continue
        try:
            value = loads(line)
        except ValueError:  # UnicodeDecodeError is one too
            yield Record("", "the line is not JSON")
            continue
        if isinstance(value, dict):
            value = next((value[name] for name in names if name in value), None)
        yield checked(value, f"the line, or one of its fields {', '.join(names)},")


def _csv(store: Store, given: Input) -> Iterator[Record]:
    rows = csv.reader(_text(store, given), strict=True)
    read = 0
    try:
        first = next((row for row in rows if row), None)
        if first is None:
            return
        read = rows.line_num
        named = [
            place
            for place, name in enumerate(first)
            if (name == given.column if given.column else name.strip().lower() in HEADERS)
        ]
        if not named and (given.column or len(first) != 1):
            wanted = given.column or f"one of {', '.join(sorted(HEADERS))}"
            raise BadRequest(f"CSV of several columns needs a heading; the text's must be {wanted}", "input")
        column = named[0] if named else 0
        if not named:
            yield checked(first[0], "the cell")
        for row in rows:
            read = rows.line_num
            if row:
                yield checked(row[column] if column < len(row) else None, "the cell")
    except csv.Error as error:
        # Only where the record began is known: a quotation mark that is never closed is noticed at the end.
        raise BadRequest(f"'{given.key}' is not CSV in UTF-8: from line {read + 1}: {error}", "input") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"'{given.key}' is not CSV in UTF-8: line {rows.line_num + 1}: {error}", "input") from error


def _text(store: Store, given: Input) -> Iterator[str]:
    for number, line in enumerate(store.lines(given.key, given.etag)):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8") + "\n"


def _parquet(store: Store, given: Input) -> Iterator[Record]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise BadRequest(
            "Parquet cannot be read here: this environment's file does not name `inference.parquet_layer_arn`", "input"
        ) from None
    file = io.BufferedReader(Seekable(store, given.key, given.etag, given.size), BUFFER)
    try:
        table = parquet.ParquetFile(file)
        columns = table.schema_arrow.names
        wanted = [given.column] if given.column else sorted(HEADERS)
        column = next((name for name in columns if (name if given.column else name.lower()) in wanted), None)
        if column is None:
            raise BadRequest(f"'{given.key}' has no column {' or '.join(wanted)}, but {', '.join(columns)}", "input")
        for batch in table.iter_batches(batch_size=BATCH, columns=[column]):
            for text in batch.column(0).to_pylist():
                yield checked(text, f"the column {column}")
    except arrow.ArrowException as error:
        raise BadRequest(f"'{given.key}' is not Parquet: {error}", "input") from error
