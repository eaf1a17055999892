"""What a raw object is, judged by its key and its first bytes, before anybody reads rows from it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reviews.errors import EtlError
from reviews.rules import MAX_LINE_BYTES
from reviews.schema import Change, change_in, header_of

HEAD_BYTES = 64 * 1024
SAMPLE_LINES = 200
SOURCE = re.compile(r"source=([a-z0-9-]+)/[^/]+")
# Spark unpacks by the name's ending, skips hidden names, and looks for files that a pattern fits; all of it
# without a word.
PATTERN = re.compile(r"[*?\[\]{}\\]")
PACKED_NAMES = (".gz", ".bz2", ".zst", ".lz4", ".snappy", ".deflate", ".zip", ".xz")
MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PAR1", "parquet"),
    (b"ORC", "orc"),
    (b"Obj\x01", "avro"),
    (b"%PDF", "pdf"),
    (b"\xff\xfe", "utf16"),
    (b"\xfe\xff", "utf16"),
)
NULS_OF_TEXT = 0.1
"""Share of NUL bytes above which the bytes do not count as text: UTF-16 without a mark, or a binary file."""


@dataclass(frozen=True)
class RawFile:
    """One object. An object with a `refused` reason is quarantined as a whole, without reading its rows."""

    source: str
    key: str
    size: int
    refused: str | None = None
    change: Change | None = None
    header: int = 0
    """Number of the line with the columns' names; 0 when there is none."""


def source_of(prefix: str, key: str) -> str:
    """Return the partition of a key. Raises `EtlError` for an object outside every partition."""
    match = SOURCE.fullmatch(key[len(prefix) :])
    if not match:
        raise EtlError(f"raw object '{key}' is not under '{prefix}source=<name>/'")
    return match.group(1)


def inspect(prefix: str, key: str, size: int, head: bytes) -> RawFile:
    """Judge one object.

    Args:
        prefix: the dataset's folder, ending in a slash.
        key: of the object, below it.
        size: bytes of the object.
        head: its first `HEAD_BYTES` bytes, or all.
    """
    source = source_of(prefix, key)
    refused = _refusal(key.rsplit("/", 1)[-1], head)
    if refused:
        return RawFile(source, key, size, refused=refused)
    sample = _sample(head, complete=size <= len(head))
    lines = [line for _, line in sample]
    header = sample[0][0] if sample and header_of(lines[0]) else 0
    return RawFile(source, key, size, change=change_in(lines), header=header)


def _refusal(name: str, head: bytes) -> str | None:
    if name.startswith(("_", ".")):
        return "hidden_name"
    if PATTERN.search(name):
        return "name_is_a_pattern"
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return f"file_is_{kind}"
    if name.lower().endswith(PACKED_NAMES):
        return "name_of_packed_file"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "file_is_json"
    if head and head.count(0) / len(head) > NULS_OF_TEXT:
        return "file_is_binary"
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        return "lines_end_in_cr"
    return None


def _sample(head: bytes, *, complete: bool) -> list[tuple[int, bytes]]:
    """Return the first lines that are complete and not blank, with their numbers."""
    lines = head.split(b"\n")
    whole = lines if complete else lines[:-1]
    numbered = [(number, line.rstrip(b"\r")) for number, line in enumerate(whole, start=1) if line.strip()]
    return numbered[:SAMPLE_LINES]


def numbered_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """Yield line number from 1, the line without its end, its length in bytes. Blank lines count, but are skipped.

    Cut at newlines only: str.splitlines would also cut at U+0085 or U+2028. Of a line longer than the limit only
    what is over the limit is kept, so that no line fills the memory.
    """
    number, rest, length = 0, b"", 0
    for chunk in chunks:
        *ended, last = chunk.split(b"\n")
        for piece in ended:
            number += 1
            line, size = rest + piece, length + len(piece)
            rest, length = b"", 0
            if not blank(line):
                yield number, trimmed(line), size
        length += len(last)
        if len(rest) <= MAX_LINE_BYTES:
            rest += last
    if not blank(rest):
        yield number + 1, trimmed(rest), length


def blank(line: bytes) -> bool:
    return len(line) <= MAX_LINE_BYTES and not line.strip()


def trimmed(line: bytes) -> bytes:
    """Strip a carriage return; cut a line that is too long so that its excess still shows."""
    return line.rstrip(b"\r") if len(line) <= MAX_LINE_BYTES else line[: MAX_LINE_BYTES + 1]
