"""Read a user's file of data: find out its form, and iterate over its rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from orchestrator.config.model.dataset import Format
from orchestrator.errors import PlatformError
from orchestrator.scaffold.naming import folded
from orchestrator.scaffold.values import MARKERS, kind_of_cell
from orchestrator.system.text_files import printable

TYPES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonlines",
    ".ndjson": "jsonlines",
    ".json": "json",
    ".parquet": "parquet",
}
DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 256 * 1024
HEAD_ROWS = 200
LARGEST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a JSON document, which is read as a whole."""
_LONGEST_CELL = 16 * 1024 * 1024
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Raw:
    """A file of data. `names` are those of its columns: as it spells them, or numbered where it has none."""

    path: Path
    form: Format
    names: tuple[str, ...]

    @property
    def is_table(self) -> bool:
        """Whether its values are cells of text, from which numbers have to be read."""
        return self.form.type in ("csv", "tsv")

    def rows(self) -> Iterator[Sequence[Any]]:
        """Yield the values of each row, in the order of `names`. A row of CSV may have fewer or more."""
        if self.form.type == "parquet":
            yield from _parquet_rows(self.path)
        elif self.is_table:
            with _text(self.path, self.form.encoding) as stream:
                yield from islice(_table(stream, _delimiter(self.form), self.form.quote), int(self.form.header), None)
        else:
            for record in _records(self.path, self.form):
                yield [record.get(name) for name in self.names]


def read(path: Path, *, header: bool | None = None) -> Raw:
    """Find out the form of a file.

    Args:
        path: the file; its ending tells the type.
        header: whether the first row of CSV or TSV names the columns; `None`: judge by its cells.

    Raises:
        PlatformError: it does not exist, or has no rows of a known type.
    """
    if not path.is_file():
        raise PlatformError(f"there is no file {printable(str(path))}", hint="name an existing file of data")
    kind = TYPES.get(_ending(path))
    if kind is None:
        raise PlatformError(
            f"{printable(path.name)}: the ending must be one of {', '.join(TYPES)} (text also with .gz)",
            hint="rename the file after its type, or convert it",
        )
    try:
        if kind == "parquet":
            return Raw(path, Format(type="parquet"), tuple(_parquet(path).schema_arrow.names))
        if kind in ("json", "jsonlines"):
            return _documents(path, kind)
        return _tabular(path, kind, header)
    except (UnicodeError, csv.Error, EOFError, gzip.BadGzipFile, ValueError) as error:
        raise PlatformError(
            f"{printable(path.name)} cannot be read as {kind}: {error}", hint="correct the file, or convert it"
        ) from error


def with_form(path: Path, form: Format) -> Raw:
    """Return a file whose form is known, with the names of its columns."""
    if form.type == "parquet":
        return Raw(path, form, tuple(_parquet(path).schema_arrow.names))
    if form.type in ("json", "jsonlines"):
        return Raw(path, form, _keys(path, form))
    with _text(path, form.encoding) as stream:
        first = next(_table(stream, _delimiter(form), form.quote), [])
    return Raw(path, form, tuple(first) if form.header else _numbered(len(first)))


def _ending(path: Path) -> str:
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix


def _delimiter(form: Format) -> str:
    return "\t" if form.type == "tsv" else form.delimiter


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"column_{number}" for number in range(1, count + 1))


# ---- text ---------------------------------------------------------------------------------------------------------


@contextmanager
def _bytes(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as stream:
        if not path.name.lower().endswith(".gz"):
            yield stream
            return
        with gzip.open(stream, "rb") as unpacked:
            yield cast("IO[bytes]", unpacked)


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[IO[str]]:
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    with _bytes(path) as stream, io.TextIOWrapper(stream, encoding=codec, newline="") as text:
        yield text


def _encoding(path: Path) -> str:
    """Return the encoding of a file, judged by its first bytes. UTF-8 cut in the middle of a character counts too."""
    with _bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return "cp1252"
    return "utf-8"


def _table(stream: IO[str], delimiter: str, quote: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    if quote:
        reader = csv.reader(stream, delimiter=delimiter, quotechar=quote)
    else:
        reader = csv.reader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return (row for row in reader if row)


def _tabular(path: Path, kind: str, header: bool | None) -> Raw:
    encoding = _encoding(path)
    by_delimiter = {}
    for delimiter in ("\t",) if kind == "tsv" else DELIMITERS:
        with _text(path, encoding) as stream:
            by_delimiter[delimiter] = list(islice(_table(stream, delimiter, '"'), HEAD_ROWS))
    delimiter, rows = max(by_delimiter.items(), key=lambda item: _evenness(item[1]))
    if not rows:
        raise PlatformError(f"{printable(path.name)} has no rows", hint="name a file with data")
    named = _is_header(rows) if header is None else header
    if named and len(rows) < 2:
        raise PlatformError(f"{printable(path.name)} has a header and no rows", hint="name a file with data")
    given: dict[str, Any] = {"type": "tsv" if delimiter == "\t" else "csv"}
    given |= {} if delimiter in ("\t", ",") else {"delimiter": delimiter}
    given |= {} if named else {"header": False}
    given |= {} if encoding == "utf-8" else {"encoding": encoding}
    width = Counter(map(len, rows)).most_common(1)[0][0]
    return Raw(path, Format(**given), tuple(rows[0]) if named else _numbered(width))


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Rate a delimiter: by the share of rows with the usual number of cells, then by that number."""
    if not rows:
        return 0.0, 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return (round(count / len(rows), 1), width) if width > 1 else (0.0, 1)


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row names the columns: different words, which differ in kind from what follows."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    words = [cell for cell in first if cell]
    if not words or any(kind_of_cell(word) != "string" for word in words):
        return False
    columns = [[row[place] for row in rest if place < len(row)] for place in range(len(first))]
    if any(_all_typed(column) for column in columns):
        return True
    # Texts only: names are different and short, and do not occur among the values.
    return len(set(words)) == len(words) and all(
        len(name) <= _LONGEST_NAME and folded(name) not in {folded(cell) for cell in column}
        for name, column in zip(first, columns, strict=True)
    )


def _all_typed(cells: Sequence[str]) -> bool:
    kinds = {kind_of_cell(cell) for cell in cells if cell.strip() and cell.strip() not in MARKERS}
    return bool(kinds) and "string" not in kinds


# ---- JSON ---------------------------------------------------------------------------------------------------------


def _documents(path: Path, kind: str) -> Raw:
    encoding = _encoding(path)
    if kind == "json":
        # Lines of objects are often called .json.
        kind = "jsonlines" if _begins_with_lines(path, encoding) else kind
    if kind == "json" and path.stat().st_size > LARGEST_DOCUMENT:
        raise PlatformError(
            f"{printable(path.name)} is one JSON document of {path.stat().st_size:,} bytes, which is read as a whole",
            hint="write it as JSON Lines (.jsonl): one object per line",
        )
    given: dict[str, Any] = {"type": kind, **({} if encoding == "utf-8" else {"encoding": encoding})}
    form = Format(**given)
    return Raw(path, form, _keys(path, form))


def _begins_with_lines(path: Path, encoding: str) -> bool:
    with _text(path, encoding) as stream:
        lines = [line for line in islice(stream, 2) if line.strip()]
    try:
        return len(lines) == 2 and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _records(path: Path, form: Format) -> Iterator[dict[str, Any]]:
    with _text(path, form.encoding) as stream:
        if form.type == "json":
            document = json.load(stream)
            for record in document if isinstance(document, list) else [document]:
                yield _object(record, "element")
            return
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield _object(json.loads(line), f"line {number}")


def _object(record: Any, place: str) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ValueError(f"{place} is not an object with named values: {str(record)[:60]}")
    return record


def _keys(path: Path, form: Format) -> tuple[str, ...]:
    """Return the keys of the first records, in the order in which they occur."""
    names: dict[str, None] = {}
    for record in islice(_records(path, form), 10_000):
        names.update(dict.fromkeys(map(str, record)))
    if not names:
        raise PlatformError(f"{printable(path.name)} has no rows", hint="name a file with data")
    return tuple(names)


# ---- Parquet ------------------------------------------------------------------------------------------------------


def _parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise PlatformError(f"{printable(path.name)} is not a Parquet file: {error}", hint="convert it") from error


def _parquet_rows(path: Path) -> Iterator[Sequence[Any]]:
    import pyarrow as pa

    for batch in _parquet(path).iter_batches(batch_size=4096):
        columns = [_plain(column, pa).to_pylist() for column in batch.columns]
        yield from zip(*columns, strict=True)


def _plain(column: Any, pa: Any) -> Any:
    """Cut nanoseconds, which Python's times do not have."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column
