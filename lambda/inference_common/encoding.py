"""Decode input bytes: UTF-8 with or without a byte order mark, split into lines. Pure.

Only LF and CRLF end a line. Other line ends of `str.splitlines` (U+2028, U+2029, U+0085, vertical tab, form feed, a
single CR) may occur inside a text.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LINE_BYTES = 1024 * 1024
"""Maximum bytes of a line or CSV row: four times the longest text with every character escaped."""

OTHERS = (  # longer ones first: the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
LONGEST_MARK = 4


class OtherEncoding(ValueError):
    """The document is not in UTF-8."""


class NotUtf8(ValueError):
    """A byte that is invalid in UTF-8; positions count from 1."""

    def __init__(self, error: UnicodeDecodeError, line: int, byte: int) -> None:
        super().__init__(f"line {line}, byte {byte} (0x{error.object[error.start]:02X}) is not UTF-8")


class Line(NamedTuple):
    """A line without its end; `error` says why there is no text."""

    number: int
    text: str
    end: str
    error: str = ""


def decoded(data: bytes) -> str:
    """Decode a whole document without its mark. Raises `OtherEncoding` or `NotUtf8`."""
    data = _unmarked(data)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise NotUtf8(error, before.count(b"\n") + 1, error.start - before.rfind(b"\n")) from None


def lines(chunks: Iterable[bytes], most: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Yield the lines of a document of any size, discarding lines that are too long. Raises `OtherEncoding`."""
    for number, (raw, ended) in enumerate(_cut(_begun(chunks), most), start=1):
        if raw is None:
            yield Line(number, "", "\n", f"line {number} has more than {most} bytes")
            continue
        end = "\n" if ended else ""
        if ended and raw.endswith(b"\r"):
            raw, end = raw[:-1], "\r\n"
        try:
            yield Line(number, raw.decode(), end)
        except UnicodeDecodeError as error:
            yield Line(number, "", end, str(NotUtf8(error, number, error.start + 1)))


def _unmarked(data: bytes) -> bytes:
    """Strip the UTF-8 mark, which Excel and PowerShell write and RFC 8259 lets readers ignore."""
    for mark, name in OTHERS:
        if data.startswith(mark):
            raise OtherEncoding(f"it is {name} (it begins with {mark.hex(' ').upper()}); save it as UTF-8")
    if b"\0" in data[:2]:
        raise OtherEncoding("it begins with U+0000, as UTF-16 and UTF-32 without a mark do; save it as UTF-8")
    return data.removeprefix(codecs.BOM_UTF8)


def _begun(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks without the mark, which may span several of them."""
    rest = iter(chunks)
    head = b""
    for chunk in rest:
        head += chunk
        if len(head) >= LONGEST_MARK:
            break
    yield _unmarked(head)
    yield from rest


def _cut(chunks: Iterable[bytes], most: int) -> Iterator[tuple[bytes | None, bool]]:
    """Yield the pieces between line feeds, and whether one follows; None for pieces that are too long."""
    kept, too_long = bytearray(), False
    for chunk in chunks:
        *ended, last = chunk.split(b"\n")
        for piece in ended:
            if kept or too_long:
                kept += piece
                piece = bytes(kept)
            yield (None if too_long or len(piece) > most else piece), True
            kept.clear()
            too_long = False
        too_long = too_long or len(kept) + len(last) > most
        kept = bytearray() if too_long else kept + last
    if kept or too_long:
        yield (None if too_long else bytes(kept)), False
