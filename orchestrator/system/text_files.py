"""Read text files written by users, and refuse those that are not UTF-8 text with a message.

Nothing here waits: the kind of a file is checked before it is opened, so that a device, a socket or a pipe without a
writer is refused instead of read. Nothing here guesses: another encoding is reported, never decoded as UTF-8.
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
"""The limit in bytes for one file. The longest in this repository has five thousand."""

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
"""The length of signed URLs."""
_LONGEST_LINE = 8000
"""The length of a policy that AWS quotes in an error."""


class Refused(Exception):
    """A file breaks a rule and is not read; `line` is 1 if the rule is about the whole file."""

    def __init__(self, rule: str, line: int = 1) -> None:
        super().__init__(rule)
        self.rule = rule
        self.line = line


def read(path: Path, largest: int = LARGEST) -> str:
    """Read a text file.

    Raises:
        Refused: it is not a regular file, too large, unreadable, or not UTF-8 text.
    """
    return decoded(_content(path, largest))


def decoded(content: bytes) -> str:
    """Decode a file's bytes, which may begin with UTF-8's byte order mark.

    Raises:
        Refused: another encoding, or characters that are not allowed in text files; with the line.
    """
    text = unicode(content)
    if match := _BREAKS.search(text):
        rule = f"contains {named(match[0])}, which only some readers treat as a line end: "
        raise Refused(rule + "end lines with \\n, and write it as an escape in a quoted text", _line(text, match))
    if match := _CONTROLS.search(text):
        raise Refused(f"contains {named(match[0])}, which is not allowed in text files: remove it", _line(text, match))
    return text


def unicode(content: bytes) -> str:
    """Decode UTF-8 without checking its characters, which another program does.

    Raises:
        Refused: another encoding; with the line.
    """
    for mark, name in _OTHER_ENCODINGS:
        if content.startswith(mark):
            raise Refused(f"is {name}: save it as UTF-8")
    if re.match(rb"(?s)(?:[^\x00]\x00|\x00[^\x00]){2}", content):
        raise Refused("looks like UTF-16 (every second byte is zero): save it as UTF-8")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        byte = f"0x{content[error.start]:02x} at byte {column} of the line"
        raise Refused(f"is not UTF-8 ({byte}; Latin-1 or Windows-1252?): save it as UTF-8", line) from None


def control_character(text: str) -> str | None:
    """Describe the first control character of a value, if any; line feeds and tabs are allowed."""
    match = _CONTROLS.search(text) or re.search("[\r\ud800-\udfff]", text)
    return named(match[0]) if match else None


def named(character: str) -> str:
    return f"the character U+{ord(character):04X}"


def shown(value: object, longest: int = _LONGEST_SHOWN) -> str:
    """Format a value for a message: on one line, clipped, and without control characters for the terminal."""
    if isinstance(value, str):
        return repr(value) if len(value) <= longest else f"{value[:longest]!r}… ({len(value)} characters)"
    return clipped(value.isoformat() if isinstance(value, dt.date) else repr(value), longest)


def clipped(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """Shorten a text that is too long to its beginning and its length."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def bounded(text: str) -> str:
    """Shorten the overlong words and lines of a message, which may quote a given value."""
    text = re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda word: clipped(word[0]), text)
    return re.sub(rf".{{{_LONGEST_LINE},}}", lambda line: clipped(line[0], _LONGEST_LINE), text)


def printable(name: str) -> str:
    """Write a name on one line, with unprintable characters escaped."""
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    if not plain.isprintable():
        plain = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in plain)
    return clipped(plain, 2 * _LONGEST_SHOWN)


def _content(path: Path, largest: int) -> bytes:
    try:
        _require_regular(path, os.stat(path).st_mode)
        # It may be replaced between the check and the opening; with these flags, opening never waits for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(handle, "rb") as file:
            _require_regular(path, os.fstat(handle).st_mode)
            # `None` means that reading would wait.
            content = file.read(largest + 1) or b""
    except OSError as error:
        raise Refused(refusal(path, error)) from error
    if len(content) > largest:
        raise Refused(f"is larger than {largest // 1024} KiB, the limit for one file")
    return content


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "is a special file")
    raise Refused(f"{kind}, not a file: remove or rename it")


def refusal(path: Path, error: OSError) -> str:
    """Turn the system's error about a path into the rule that it breaks."""
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        if path.name.startswith(".#"):
            return "is the lock of an editor in which the file is open: save and close it there"
        return f"is a dangling symbolic link (to {printable(os.readlink(path))}): remove or correct it"
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: this user lacks permission"
    if error.errno == errno.ELOOP:
        return "is a symbolic link that forms a loop: remove or correct it"
    return f"cannot be read: {error.strerror or type(error).__name__}"


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1
