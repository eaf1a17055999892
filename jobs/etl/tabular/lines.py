"""Bytes into lines, from the beginning of a file or from its middle. Pure."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator

MAX_LINE_BYTES = 1 << 20
UNPACKED_BYTES = 1 << 20
"""Unpacked at once: a few packed bytes may hold gigabytes."""


class CutOff(Exception):
    """A file ends, or goes on, in a way that its form does not allow. The message is the reason in the quarantine."""


def numbered_lines(
    chunks: Iterable[bytes],
    *,
    before: int = 0,
    within: bool = False,
    end: int | None = None,
    blanks: bool = False,
) -> Iterator[tuple[int, bytes, int]]:
    """Yield line number from 1, the line without its end, its length in bytes. Blank lines count, but are skipped.

    Cut at newlines only: str.splitlines would also cut at U+0085 or U+2028. Of a line longer than the limit only
    what is over the limit is kept, so that no line fills the memory.

    Args:
        before: newlines that precede the first byte.
        within: the first byte is in the middle of a line that another range yields, or ends it.
        end: number of bytes in which a line must begin to be yielded; `None`: all.
        blanks: yield blank lines too.
    """
    number, rest, length, at = before, b"", 0, 0
    for chunk in chunks:
        *ended, last = chunk.split(b"\n")
        for piece in ended:
            number += 1
            line, size = rest + piece, length + len(piece)
            rest, length = b"", 0
            begins, at = at, at + size + 1
            if within:
                within = False
            elif end is not None and begins >= end:
                return
            elif blanks or not blank(line):
                yield number, trimmed(line), size
        length += len(last)
        if len(rest) <= MAX_LINE_BYTES:
            rest += last
    if not within and (end is None or at < end) and not blank(rest):
        yield number + 1, trimmed(rest), length


def blank(line: bytes) -> bool:
    return len(line) <= MAX_LINE_BYTES and not line.strip()


def trimmed(line: bytes) -> bytes:
    """Strip a carriage return; cut a line that is too long so that its excess still shows."""
    return line.rstrip(b"\r") if len(line) <= MAX_LINE_BYTES else line[: MAX_LINE_BYTES + 1]


def unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip of one or more members. Raises `CutOff`."""
    unpacker, begun = zlib.decompressobj(wbits=31), False
    for packed in chunks:
        chunk = packed
        while chunk:
            begun = True
            try:
                yield unpacker.decompress(chunk, UNPACKED_BYTES)
            except zlib.error:
                raise CutOff("broken_gzip") from None
            chunk = unpacker.unconsumed_tail or unpacker.unused_data
            if unpacker.eof:
                unpacker, begun = zlib.decompressobj(wbits=31), False
    if begun:
        raise CutOff("broken_gzip")


def in_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Convert text of an encoding in which a newline is not one byte. Raises `CutOff`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise CutOff(f"broken_{encoding.replace('-', '')}") from None
