"""What the machine refuses, in words: a full disk, a folder that is none, a name that is too long.

Nearly every line that reads or writes a file can fail in these ways, and none of them can do anything about it. So
nobody catches them on the spot: they are told at the end of a step, and of a command.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.errors import MachineError
from orchestrator.system.text_files import printable

_ROOM = 64 * 1024
"""Bytes; a disk with less is as good as full."""
_AGAIN = "then repeat the command: it continues where things stand"
_SPACE = f"free some space, {_AGAIN}"
_WORDS = {
    errno.ENOSPC: ("the disk is full: {} cannot be written", _SPACE),
    errno.EDQUOT: ("this user's disk quota is used up: {} cannot be written", _SPACE),
    errno.EFBIG: ("{} would be larger than this process may write", f"raise the limit (`ulimit -f`), {_AGAIN}"),
    errno.EROFS: ("{} lies on a read-only file system", f"make it writable, {_AGAIN}"),
    errno.EACCES: ("{} may not be used: this user lacks the right to it", f"correct its owner or mode, {_AGAIN}"),
    errno.EPERM: ("{} may not be used: this user lacks the right to it", f"correct its owner or mode, {_AGAIN}"),
    errno.ENAMETOOLONG: ("{} is too long a name for this system", "work in a folder with a shorter path"),
    errno.ELOOP: ("{} is a symbolic link that leads back to itself", f"remove or correct it, {_AGAIN}"),
    errno.ENOTDIR: ("{} is not a folder, and one is needed there", f"move it away, {_AGAIN}"),
    errno.EEXIST: ("{} is not a folder, and one is needed there", f"move it away, {_AGAIN}"),
    errno.EISDIR: ("{} is a folder, and a file is needed there", f"move it away, {_AGAIN}"),
    errno.ENOENT: ("{} is a symbolic link that leads nowhere", f"remove or correct it, {_AGAIN}"),
    errno.EIO: ("{} cannot be read or written: the disk reports an error", "look at the disk before anything else"),
}
_NAMELESS = {
    errno.ENOSPC: ("the disk is full: {}", _SPACE),
    errno.EDQUOT: ("this user's disk quota is used up", _SPACE),
    errno.EMFILE: ("this process may not open any more files", f"raise the limit (`ulimit -n`), {_AGAIN}"),
    errno.ENFILE: ("this machine may not open any more files", f"end what holds so many, {_AGAIN}"),
    errno.ENOMEM: ("this machine has no memory left", f"end what takes it, or lower `limits.parallelism`, {_AGAIN}"),
}
"""What is said without a name: these are of the whole machine, or Python does not tell which file it was."""

_SAID = (
    (r"no space left on device|ENOSPC", "the disk is full", _SPACE),
    (r"disk quota exceeded|EDQUOT", "this user's disk quota is used up", _SPACE),
    (r"read-only file system|EROFS", "a file system is read-only", f"make it writable, {_AGAIN}"),
    (r"too many open files|EMFILE", "too many files are open", f"raise the limit (`ulimit -n`), {_AGAIN}"),
)
_LONGEST_LINE = 300


def told(error: Exception) -> MachineError | None:
    """The error in words; `None` if it is not about this machine (a connection, a bug of ours)."""
    if loop := re.fullmatch("Symlink loop from '(.+)'", str(error)):
        error = OSError(errno.ELOOP, "", loop[1])  # what `Path.resolve` says before Python 3.13
    if not isinstance(error, OSError):
        return None
    number = error.errno or 0
    if number == errno.ENOENT and error.filename is None and "temporary directory" in str(error.strerror):
        hint = f"set TMPDIR to a folder that can be written, {_AGAIN}"
        return MachineError("there is no folder for temporary files that can be written", hint=hint)
    if number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM) or (number in _NAMELESS and error.filename is None):
        message, hint = _NAMELESS[number]
        return MachineError(message.format(_full_places()), hint=hint)
    if number not in _WORDS or not isinstance(error.filename, (str, os.PathLike)):
        return None
    place = _culprit(Path(error.filename), number)
    if place is None:
        return None
    if number in (errno.ENOTDIR, errno.EEXIST) and os.path.islink(place) and not os.path.exists(place):
        number = errno.ELOOP if _loops(place) else errno.ENOENT
    message, hint = _WORDS[number]
    return MachineError(message.format(printable(str(place))), hint=hint)


def said(text: str, who: str) -> MachineError | None:
    """The same of what another program says, in the system's words; `None` if it complains of something else.

    Args:
        text: its output.
        who: what was done when it said so, for the message.
    """
    for words, lead, hint in _SAID:
        if found := re.search(rf".*(?:{words}).*", text, re.IGNORECASE):
            return MachineError(f"{lead}: {who} ended with `{found[0].strip()[-_LONGEST_LINE:]}`", hint=hint)
    return None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Let an error tell which file it is about: one that comes with the bytes, not with the name, does not know."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def require_room(folder: Path) -> None:
    """Raise `MachineError` if the disk is full: for what ended without a word because it could not write one."""
    if _is_full(folder):
        message, hint = _WORDS[errno.ENOSPC]
        raise MachineError(message.format(folder), hint=hint)


def _culprit(path: Path, number: int) -> Path | None:
    """The part of a path that is wrong; `None` where nothing is any more."""
    if number == errno.ELOOP:
        return next((each for each in _downwards(path) if os.path.islink(each) and _loops(each)), path)
    if number in (errno.ENOTDIR, errno.EEXIST, errno.ENOENT):
        return next((each for each in _downwards(path) if os.path.lexists(each) and not os.path.isdir(each)), None)
    return path


def _downwards(path: Path) -> list[Path]:
    return [*reversed(path.parents), path]


def _loops(link: Path) -> bool:
    try:
        os.stat(link)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _full_places() -> str:
    """Where there is no room; ours are all in the working folder or among the temporary files."""
    places = [Path.cwd()]
    with suppress(OSError):
        places.append(Path(tempfile.gettempdir()))
    full = [str(place) for place in places if _is_full(place)]
    return f"no space is left {'below ' + ' and '.join(full) if full else 'for what this command writes or prints'}"


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False
