"""Read CSV rows by RFC 4180, one at a time; a malformed row does not affect others. Pure.

A malformed row (a quotation mark that is not closed, or text after a closing one) is reported with its first line, and
reading resumes at the next line. So a stray mark costs one row, and no line is read more than a few times. Beyond the
RFC, quotation marks inside an unquoted cell are text (`a 19" screen`), and so are carriage returns, which Python's own
writer leaves there.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from inference_common.encoding import MAX_LINE_BYTES, Line
from inference_common.texts import MAX_CHARACTERS

MAX_CELL = 5 * MAX_CHARACTERS
"""Maximum characters of a quoted cell. A longer one counts as unclosed: it would swallow the rows after it."""
MARKS = re.compile('"+')
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
"""Delimiters, in words."""


class Row(NamedTuple):
    """A row, with the number of its first line. `error` says why it has no cells or too many or few."""

    line: int
    cells: list[str]
    error: str = ""


class _Broken(Exception):
    """The row is malformed."""


def rows(lines: Iterable[Line], delimiter: str) -> Iterator[Row]:
    """Yield all rows except empty lines. Each has as many cells as the first one, or an error."""
    coming = _Coming(lines)
    width = 0
    for line in coming:
        if not line.text and not line.error:
            continue
        row = _row(line, coming, delimiter, width)
        if not width:
            width = len(row.cells)
        elif not row.error and len(row.cells) != width:
            row = row._replace(error=_miscounted(row, width, delimiter))
        yield row


class _Coming:
    """Lines that can be pushed back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._again: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        while (line := self.next()) is not None:
            yield line

    def next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def give_back(self, lines: Iterable[Line]) -> None:
        self._again.extendleft(lines)


def _row(first: Line, coming: _Coming, delimiter: str, width: int) -> Row:
    taken: list[Line] = []
    try:
        row = _Cells(delimiter, width)
        row.take(first)
        while row.open is not None:
            line = coming.next()
            if line is None:
                raise _Broken("a quotation mark is opened and never closed")
            taken.append(line)
            row.take(line)
    except _Broken as broken:
        coming.give_back(reversed(taken))
        return Row(first.number, [], first.error or f"line {first.number}: {broken}")
    return Row(first.number, row.cells)


class _Cells:
    """The cells of a row so far; `open` holds the pieces of an unclosed quoted cell."""

    def __init__(self, delimiter: str, width: int) -> None:
        self.cells: list[str] = []
        self.open: list[str] | None = None
        self._delimiter = delimiter
        self._width = width
        self._opened = self._size = self._row_size = 0

    def take(self, line: Line) -> None:
        """Read one more line. Raises `_Broken`."""
        text, at = line.text, 0
        if line.error:
            raise _Broken(f"{line.error}, and a quotation mark is open")
        if self.open is None and '"' not in text:
            self.cells = text.split(self._delimiter)
            return
        self._row_size += len(text) + len(line.end)
        while at <= len(text):
            if self.open is None and not text.startswith('"', at):
                end = text.find(self._delimiter, at)
                end = len(text) if end < 0 else end
                self.cells.append(text[at:end])
            else:
                end = self._quoted(line, at)
                if self.open is not None:
                    return
            at = end + 1

    def _quoted(self, line: Line, at: int) -> int:
        """Return the end of the cell, or of the line if the cell continues."""
        text, closing = line.text, None
        if self.open is None:
            self.open, self._opened, self._size, at = [], line.number, 0, at + 1
        start = at
        for marks in MARKS.finditer(text, at):
            if len(marks[0]) % 2:
                closing = marks.end() - 1
                break
        piece = text[start:closing] if closing is not None else text[start:] + line.end
        self.open.append(piece.replace('""', '"'))
        self._size += len(piece)
        if closing is None:
            self._check_open()
            return len(text)
        end = closing + 1
        if end < len(text) and text[end] != self._delimiter:
            raise _Broken(
                f"the quotation mark in line {line.number} column {end} closes a cell, and text follows it; inside a "
                'cell in quotation marks every " is written twice'
            )
        self.cells.append("".join(self.open))
        self.open = None
        return end

    def _check_open(self) -> None:
        """Raise `_Broken` for an open cell that cannot become a row any more, instead of reading to the end."""
        if self._size > MAX_CELL or self._row_size > MAX_LINE_BYTES:
            raise _Broken(f"a quotation mark is opened and not closed within {MAX_CELL} characters")
        if self._width and len(self.cells) >= self._width:
            raise _Broken(f"a quotation mark is opened in cell {len(self.cells) + 1} of {self._width}")


def _miscounted(row: Row, width: int, delimiter: str) -> str:
    count = len(row.cells)
    hint = f"; a cell that holds a {NAMES.get(delimiter, delimiter)} stands in quotation marks" if count > width else ""
    return f"line {row.line} has {count} {'cell' if count == 1 else 'cells'}, the first row {width}{hint}"
