"""Records of raw files: the same for every runner, whether a file is read in one piece or in several."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tabular.contract import canonical
from tabular.drift import normal
from tabular.files import CODECS, Layout, RawFile
from tabular.lines import MAX_LINE_BYTES, CutOff, in_utf8, numbered_lines, unpacked
from tabular.spec import Format

BROKEN = ("broken_gzip", "broken_utf16", "broken_json", "broken_parquet")
"""Reasons after which the rest of a file is unknown: such a run is refused."""
TOO_LONG = "line_too_long"
NAMES_KEPT = 10_000


class Record(NamedTuple):
    """A record: its line or row, bytes of it, itself as bytes, and the columns' values or why there are none."""

    line: int
    size: int
    raw: bytes
    values: Sequence[Any] = ()
    reason: str = ""


@dataclass(frozen=True)
class Piece:
    """What is read of a file at once: bytes from `start` to `end`, or one group of rows of Parquet."""

    file: RawFile
    start: int = 0
    end: int | None = None
    before: int = 0
    """Newlines, or rows, that precede it in the file; newlines without the byte before `start`."""
    row_group: int | None = None

    @property
    def size(self) -> int:
        if self.row_group is not None:
            return self.file.size // max(1, len(self.file.row_groups or ()))
        return (self.file.size if self.end is None else self.end) - self.start


def whole(file: RawFile) -> list[Piece]:
    """Return a file as the pieces that one process reads."""
    return pieces(file, file.size)


def pieces(file: RawFile, size: int, *, by_line: bool = False) -> list[Piece]:
    """Return the pieces of a file, each of about this size where it can be cut.

    Args:
        by_line: each line of the file is a record, so that it can be cut anywhere.
    """
    if file.row_groups is not None:
        before = [sum(file.row_groups[:number]) for number in range(len(file.row_groups))]
        return [Piece(file, before=rows, row_group=number) for number, rows in enumerate(before)]
    if not by_line or file.packed or file.size <= size:
        return [Piece(file)]
    return [Piece(file, start, min(start + size, file.size)) for start in range(0, file.size, size)]


def newlines(store: Any, piece: Piece) -> int:
    """Count the newlines from the byte before a piece to the one before the next piece."""
    start = max(0, piece.start - 1)
    left, count = (piece.file.size if piece.end is None else piece.end) - 1 - start, 0
    for chunk in store.chunks(piece.file.key, start):
        count += chunk[:left].count(b"\n")
        left -= len(chunk)
        if left <= 0:
            break
    return count


def numbered(cut: Sequence[Piece], counts: Sequence[int]) -> list[Piece]:
    """Return the pieces of one file with the newlines before each, given those in each."""
    return [replace(piece, before=sum(counts[:place])) for place, piece in enumerate(cut)]


def cuts_anywhere(form: Format) -> bool:
    """Return whether each line is a record. A quoted cell may hold line ends, so its file is read in one piece."""
    return form.encoding != "utf-16" and (form.type == "jsonlines" or (form.table and not form.quote))


def records(layout: Layout, store: Any, piece: Piece) -> Iterator[Record]:
    """Read the records of a piece. What is broken ends with a record that says so."""
    read = READERS[layout.format.type]
    last = piece.before
    try:
        for record in read(layout, store, piece):
            last = record.line
            yield record
    except CutOff as error:
        yield Record(last + 1, 0, b"", (), str(error))


def _chunks(layout: Layout, store: Any, piece: Piece) -> Iterator[bytes]:
    # A range begins with the byte before it, which tells whether a line begins with it.
    chunks: Iterator[bytes] = store.chunks(piece.file.key, max(0, piece.start - 1))
    if piece.file.packed:
        chunks = unpacked(chunks)
    return in_utf8(chunks, "utf-16") if layout.format.encoding == "utf-16" else chunks


def _lines(layout: Layout, store: Any, piece: Piece, *, blanks: bool = False) -> Iterator[tuple[int, bytes, int]]:
    first = max(0, piece.start - 1)
    return numbered_lines(
        _chunks(layout, store, piece),
        before=piece.before,
        within=piece.start > 0,
        end=None if piece.end is None else piece.end - first,
        blanks=blanks,
    )


# ---- tables of text -------------------------------------------------------------------------------------


def _table(layout: Layout, store: Any, piece: Piece) -> Iterator[Record]:
    form, file = layout.format, piece.file
    first = file.header if form.header and not form.skipped else form.skipped
    rows = _quoted_rows if form.quote else _plain_rows
    values = _picker(form, file)
    for record in rows(form, _lines(layout, store, piece, blanks=bool(form.quote))):
        if record.line <= first:
            continue
        if file.change is not None and file.change.refused:
            yield record._replace(values=(), reason=file.change.reason)
        elif record.line == file.header:
            yield record._replace(values=(), reason="header_line")
        elif record.reason:
            yield record
        elif len(record.values) != file.width:
            yield record._replace(values=(), reason="wrong_column_count")
        else:
            yield Record(record.line, record.size, record.raw, values(record.values))


def _picker(form: Format, file: RawFile) -> Callable[[Sequence[str]], Sequence[str | None]]:
    """Return what takes the columns out of a row's cells."""
    nulls, places = frozenset(form.nulls), file.places
    if places == tuple(range(file.width)):
        return lambda cells: [None if cell in nulls else cell for cell in cells]

    def pick(cells: Sequence[str]) -> Sequence[str | None]:
        return [None if place < 0 or cells[place] in nulls else cells[place] for place in places]

    return pick


def _plain_rows(form: Format, lines: Iterable[tuple[int, bytes, int]]) -> Iterator[Record]:
    codec, delimiter = CODECS.get(form.encoding, form.encoding), form.delimiter
    for number, line, size in lines:
        if len(line) > MAX_LINE_BYTES:
            yield Record(number, size, line, (), TOO_LONG)
            continue
        try:
            yield Record(number, size, line, line.decode(codec).split(delimiter))
        except UnicodeDecodeError:
            yield Record(number, size, line, (), _undecoded(form))


def _undecoded(form: Format) -> str:
    return f"not_{form.encoding.replace('-', '')}"


def _quoted_rows(form: Format, lines: Iterable[tuple[int, bytes, int]]) -> Iterator[Record]:
    """Parse rows whose quoted cells may hold delimiters and line ends.

    A quote that is never closed would take all that follows into its cell. The parser is strict, so that the next
    quoted cell ends that; the lines until then are set aside one by one.
    """
    taken: list[tuple[int, bytes, int, str]] = []
    codec = CODECS.get(form.encoding, form.encoding)

    def feed() -> Iterator[str]:
        for number, line, size in lines:
            reason = TOO_LONG if len(line) > MAX_LINE_BYTES else ""
            try:
                text = "" if reason else line.decode(codec)
            except UnicodeDecodeError:
                text, reason = line.decode(codec, "replace"), _undecoded(form)
            taken.append((number, line, size, reason))
            yield text + "\n"

    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(feed(), delimiter=form.delimiter, quotechar=form.quote, strict=True)
    while True:
        taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            alone = len(taken) == 1
            for number, line, size, reason in taken:
                if line.strip():
                    yield Record(number, size, line, (), reason or ("bad_quotes" if alone else "unclosed_quote"))
            continue
        raw = b"\n".join(line for _, line, _, _ in taken)
        if raw.strip():
            reason = next((reason for _, _, _, reason in taken if reason), "")
            size = sum(size for _, _, size, _ in taken) + len(taken) - 1
            yield Record(taken[0][0], size, raw, cells, reason)


# ---- JSON -----------------------------------------------------------------------------------------------


class _Names:
    """Finds columns in documents by their keys, in any spelling that the catalogue takes for the same."""

    def __init__(self, layout: Layout) -> None:
        self._places = {normal(column.name): place for place, column in enumerate(layout.columns)}
        self._known: dict[str, int | None] = {column.name: place for place, column in enumerate(layout.columns)}
        self._width = len(layout.columns)

    def values(self, document: Mapping[str, Any]) -> list[Any]:
        made: list[Any] = [None] * self._width
        for key, value in document.items():
            place = self._known[key] if key in self._known else self._find(key)
            if place is not None and made[place] is None:
                made[place] = value
        return made

    def _find(self, key: str) -> int | None:
        place = self._places.get(normal(key))
        if len(self._known) < NAMES_KEPT:
            self._known[key] = place
        return place


def _json_lines(layout: Layout, store: Any, piece: Piece) -> Iterator[Record]:
    form, names = layout.format, _Names(layout)
    codec = CODECS.get(form.encoding, form.encoding)
    for number, line, size in _lines(layout, store, piece):
        if number <= form.skipped:
            continue
        if len(line) > MAX_LINE_BYTES:
            yield Record(number, size, line, (), TOO_LONG)
            continue
        try:
            document = json.loads(line.decode(codec))
        except UnicodeDecodeError:
            yield Record(number, size, line, (), _undecoded(form))
        except (ValueError, RecursionError):
            yield Record(number, size, line, (), "not_json")
        else:
            yield _of_document(names, number, size, line, document)


def _json_document(layout: Layout, store: Any, piece: Piece) -> Iterator[Record]:
    form, names = layout.format, _Names(layout)
    body = b"".join(_chunks(layout, store, piece))
    try:
        document = json.loads(body.decode(CODECS.get(form.encoding, form.encoding)))
    except (ValueError, RecursionError):
        raise CutOff("broken_json") from None
    for number, each in enumerate(document if isinstance(document, list) else [document], start=1):
        raw = json.dumps(each, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        yield _of_document(names, number, len(raw), raw, each)


def _of_document(names: _Names, number: int, size: int, raw: bytes, document: Any) -> Record:
    if not isinstance(document, dict):
        return Record(number, size, raw, (), "not_an_object")
    return Record(number, size, raw, names.values(document))


# ---- Parquet --------------------------------------------------------------------------------------------


def footer(store: Any, key: str, size: int) -> tuple[list[str], tuple[int, ...]] | None:
    """Return the names of a Parquet file's columns and the rows of its groups; `None` if it is none or broken."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with store.open(key, size) as file:
        try:
            opened = pq.ParquetFile(file)
        except pa.ArrowException:
            return None
        groups = tuple(opened.metadata.row_group(n).num_rows for n in range(opened.metadata.num_row_groups))
        return list(opened.schema_arrow.names), groups


def _parquet(layout: Layout, store: Any, piece: Piece) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, number = piece.file, piece.before
    refused = file.change.reason if file.change is not None and file.change.refused else ""
    with store.open(file.key, file.size) as opened:
        try:
            source = pq.ParquetFile(opened)
            names = [source.schema_arrow.names[place] for place in file.places if place >= 0]
            for batch in source.iter_batches(row_groups=[piece.row_group], columns=names):
                columns = [
                    _python(batch.column(source.schema_arrow.names[place])) if place >= 0 else [None] * batch.num_rows
                    for place in file.places
                ]
                for values in zip(*columns, strict=True):
                    number += 1
                    raw = canonical(values)
                    yield Record(number, len(raw), raw, () if refused else values, refused)
        except (pa.ArrowException, OSError):
            raise CutOff("broken_parquet") from None


def _python(column: Any) -> list[Any]:
    """Return Python's values; its times have microseconds."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


READERS: dict[str, Callable[[Layout, Any, Piece], Iterator[Record]]] = {
    "csv": _table,
    "tsv": _table,
    "json": _json_document,
    "jsonlines": _json_lines,
    "parquet": _parquet,
}
