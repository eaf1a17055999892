"""What a raw object is, judged by its key and its first bytes, before anybody reads records from it. Pure."""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from tabular.drift import Change, Places, by_name, by_order, header_in
from tabular.errors import EtlError
from tabular.lines import MAX_LINE_BYTES
from tabular.spec import Column, Format

HEAD_BYTES = 64 * 1024
SAMPLE_LINES = 200
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
MAGIC = (
    (GZIP, "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (PARQUET, "parquet"),
    (b"ORC", "orc"),
    (b"Obj\x01", "avro"),
    (b"%PDF", "pdf"),
)
UTF16 = (b"\xff\xfe", b"\xfe\xff")
NULS_OF_TEXT = 0.1
"""Share of NUL bytes above which the bytes do not count as text: UTF-16 without a mark, or a binary file."""
VALUE = r"[^/]+"
CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-8"}
"""By encoding, what lines are decoded with: UTF-16 is made UTF-8 before it is cut into lines."""


@dataclass(frozen=True)
class RawFile:
    """One object. An object with a `refused` reason is quarantined as a whole, without reading its records."""

    key: str
    size: int
    folders: tuple[str, ...] = ()
    """Values of the folders' columns."""
    refused: str | None = None
    change: Change | None = None
    places: tuple[int, ...] = ()
    """Of the file's columns in its rows."""
    width: int = 0
    """Cells of a row."""
    header: int = 0
    """Number of the line with the columns' names; 0 when there is none."""
    packed: bool = False
    row_groups: tuple[int, ...] | None = None
    """Rows of each, in Parquet."""

    @property
    def source(self) -> str:
        """Where the reports count it."""
        return "/".join(self.folders)


@dataclass(frozen=True)
class Layout:
    """What files of a dataset should be. `order`: names of a row's cells where no header says them."""

    format: Format
    columns: tuple[Column, ...]
    order: tuple[str, ...]


def folders_of(prefix: str, key: str, partitions: Sequence[str]) -> tuple[str, ...]:
    """Return the values in a key's folders. Raises `EtlError` for an object outside of them."""
    pattern = "".join(f"{re.escape(name)}=({VALUE})/" for name in partitions)
    match = re.match(pattern, key[len(prefix) :])
    if not match:
        expected = "".join(f"{name}=<value>/" for name in partitions)
        raise EtlError(f"raw object '{key}' is not under '{prefix}{expected}'")
    return match.groups()


def inspect(layout: Layout, key: str, size: int, head: bytes, folders: tuple[str, ...] = ()) -> RawFile:
    """Judge one object of text.

    Args:
        key: of the object.
        size: bytes of the object.
        head: its first `HEAD_BYTES` bytes, or all.
        folders: values of its folders' columns.
    """
    form, name = layout.format, key.rsplit("/", 1)[-1]
    packed = form.compression == "gzip" or (form.compression == "auto" and name.lower().endswith(".gz"))
    if not head:
        return RawFile(key, size, folders)
    if name.startswith(("_", ".")):
        return RawFile(key, size, folders, refused="hidden_name")
    complete = size <= len(head)
    if packed:
        if not head.startswith(GZIP):
            return RawFile(key, size, folders, refused="file_is_not_gzip")
        head, complete = _unpacked(head)
    refused = _refusal(form, head)
    if refused:
        return RawFile(key, size, folders, refused=refused)
    if not form.table:
        return RawFile(key, size, folders, packed=packed)
    header, columns = _places(layout, head, complete=complete)
    return RawFile(
        key,
        size,
        folders,
        change=columns.change,
        places=columns.places,
        width=columns.width,
        header=header,
        packed=packed,
    )


def _unpacked(head: bytes) -> tuple[bytes, bool]:
    """Return what the beginning of a packed file holds, and whether that is all."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        return unpacker.decompress(head, HEAD_BYTES), unpacker.eof
    except zlib.error:
        return b"", False  # what is broken shows when it is read


def _refusal(form: Format, head: bytes) -> str | None:
    if form.encoding == "utf-16":
        return None
    if head.startswith(UTF16):
        return "file_is_utf16"
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return f"file_is_{kind}"
    if head and head.count(0) / len(head) > NULS_OF_TEXT:
        return "file_is_binary"
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        return "lines_end_in_cr"
    return _json_refusal(form, head)


def _json_refusal(form: Format, head: bytes) -> str | None:
    """Tell a document from lines, and either from a table: each of them is read in its own way."""
    lines = [line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    first, more = lines[0] if lines else b"", len(lines) > 1
    if form.table:
        return "file_is_json" if first in (b"{", b"[") or _is_record(first) else None
    if form.type == "jsonlines":
        return "file_is_json_document" if first.startswith(b"[") or first == b"{" else None
    return "file_is_json_lines" if more and first.startswith(b"{") and _is_record(first) else None


def _is_record(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))


def _places(layout: Layout, head: bytes, *, complete: bool) -> tuple[int, Places]:
    """Return the number of the header's line, and where the columns are."""
    form = layout.format
    sample = [(number, cells) for number, cells in _sample(form, head, complete=complete) if number > form.skipped]
    rows = [cells for _, cells in sample]
    if form.header and not form.skipped:
        if not rows:
            return 0, Places((), 0)
        return sample[0][0], by_name(rows[0], layout.columns)
    if rows and header_in(rows[0], layout.columns):
        return sample[0][0], by_name(rows[0], layout.columns, ordered=True)
    return 0, by_order(layout.order, layout.columns, rows)


def _sample(form: Format, head: bytes, *, complete: bool) -> list[tuple[int, list[str]]]:
    """Return the cells of the first rows that are complete and not blank, with their lines' numbers."""
    if form.encoding == "utf-16":
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    lines = head.split(b"\n")
    whole = lines if complete else lines[:-1]
    texts = [line.rstrip(b"\r").decode(CODECS.get(form.encoding, form.encoding), "replace") for line in whole]
    rows: list[tuple[int, list[str]]] = []
    if form.quote:
        csv.field_size_limit(MAX_LINE_BYTES)
        given = iter(f"{text}\n" for text in texts)
        reader = csv.reader(given, delimiter=form.delimiter, quotechar=form.quote, strict=True)
        number = 1
        while len(rows) < SAMPLE_LINES:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error:
                cells = []
            if cells and not (len(cells) == 1 and not cells[0].strip()):
                rows.append((number, [cell.strip() for cell in cells]))
            number = reader.line_num + 1
        return rows
    for number, text in enumerate(texts, start=1):
        if text.strip():
            rows.append((number, [cell.strip() for cell in text.split(form.delimiter)]))
        if len(rows) == SAMPLE_LINES:
            break
    return rows
