"""The boundary at which text that people wrote enters: what is no plain UTF-8 text file is refused in words.

Nothing here waits: what a name leads to is looked at before it is opened, so that a device, a socket or a pipe that
nobody writes to is refused and not read. Nothing here guesses: another encoding is named, never decoded as if it were
ours.
"""

from __future__ import annotations

import codecs
import datetime as dt
import errno
import os
import re
import stat
from pathlib import Path

LARGEST = 256 * 1024
"""Bytes of one file. The longest in this repository has five thousand."""

_KINDS = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a named pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)
_OTHER_ENCODINGS = (
    # UTF-32's little-endian mark begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_BREAKS = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
_LONGEST_SHOWN = 80
_LONGEST_WORD = 2000
"""Signed addresses have so many characters."""
_LONGEST_LINE = 8000
"""Of a policy that AWS quotes in a refusal."""


class Refused(Exception):
    """Why a file is not read: the rule that it breaks, and on which line (1 where it is about the whole file)."""

    def __init__(self, rule: str, line: int = 1) -> None:
        super().__init__(rule)
        self.rule = rule
        self.line = line


def read(path: Path, largest: int = LARGEST) -> str:
    """Read one text file.

    Raises:
        Refused: it is no regular file, too large, unreadable, or no UTF-8 text.
    """
    return decoded(_content(path, largest))


def decoded(content: bytes) -> str:
    """The text of a file's bytes; a byte order mark of UTF-8 may be there.

    Raises:
        Refused: another encoding, or characters that no text file has; with the line.
    """
    text = unicode(content)
    if found := _BREAKS.search(text):
        rule = f"holds {named(found[0])}, which ends a line for some readers and not for others: "
        raise Refused(rule + "end lines with \\n, and write it as an escape in a quoted text", _line(text, found))
    if found := _CONTROLS.search(text):
        raise Refused(f"holds {named(found[0])}, which no text file has: remove it", _line(text, found))
    return text


def unicode(content: bytes) -> str:
    """The characters of UTF-8, whatever they are: another program judges them.

    Raises:
        Refused: another encoding; with the line.
    """
    for mark, name in _OTHER_ENCODINGS:
        if content.startswith(mark):
            raise Refused(f"is {name}: save it as UTF-8")
    if re.match(rb"(?s)(?:[^\x00]\x00|\x00[^\x00]){2}", content):
        raise Refused("is UTF-16 by the look of it (every second byte is zero): save it as UTF-8")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        byte = f"0x{content[error.start]:02x} at byte {column} of the line"
        raise Refused(f"is not UTF-8 ({byte}; Latin-1 or Windows-1252?): save it as UTF-8", line) from None


def unseemly(text: str) -> str | None:
    """The first control character of a value, in words; line feeds and tabs are none."""
    found = _CONTROLS.search(text) or re.search("[\r\ud800-\udfff]", text)
    return named(found[0]) if found else None


def named(character: str) -> str:
    return f"the character U+{ord(character):04X}"


def shown(value: object, longest: int = _LONGEST_SHOWN) -> str:
    """A value as it may stand in a message: in one line, with nothing that steers a terminal, and clipped."""
    if isinstance(value, str):
        return repr(value) if len(value) <= longest else f"{value[:longest]!r}… ({len(value)} characters)"
    return clipped(value.isoformat() if isinstance(value, dt.date) else repr(value), longest)


def clipped(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """The beginning of a text that is too long to be shown, and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def bounded(text: str) -> str:
    """A message in which no word and no line is longer than anybody reads: a value that was given is in it."""
    text = re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda word: clipped(word[0]), text)
    return re.sub(rf".{{{_LONGEST_LINE},}}", lambda line: clipped(line[0], _LONGEST_LINE), text)


def printable(name: str) -> str:
    """A name in one line: what cannot be shown stands as its escape."""
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    if not plain.isprintable():
        plain = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in plain)
    return clipped(plain, 2 * _LONGEST_SHOWN)


def _content(path: Path, largest: int) -> bytes:
    try:
        _require_regular(path, os.stat(path).st_mode)
        # Between the look and the opening it may become another thing; opened so, nothing waits for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(handle, "rb") as file:
            _require_regular(path, os.fstat(handle).st_mode)
            # Nothing to be had without waiting is nothing.
            content = file.read(largest + 1) or b""
    except OSError as error:
        raise Refused(refusal(path, error)) from error
    if len(content) > largest:
        raise Refused(f"is larger than {largest // 1024} KiB, the most that is read of one file")
    return content


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "is something of its own")
    raise Refused(f"{kind}, not a file: remove or rename it")


def refusal(path: Path, error: OSError) -> str:
    """What the system says about a name, as a rule that it breaks."""
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        if path.name.startswith(".#"):
            return "is the lock of an editor in which the file is open: save and close it there"
        return f"is a symbolic link that leads nowhere (to {printable(os.readlink(path))}): remove or correct it"
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, PermissionError):
        return "may not be read: this user lacks the right to it"
    if error.errno == errno.ELOOP:
        return "is a symbolic link that leads back to itself: remove or correct it"
    return f"cannot be read: {error.strerror or type(error).__name__}"


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1
