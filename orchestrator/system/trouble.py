"""Turn errors of the machine into messages: a full disk, a file in place of a folder, a path that is too long.

Nearly every line that reads or writes a file can fail in these ways, and none of them can handle it. So these errors
are not caught on the spot, but reported at the end of a step or a command.
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
"""A disk with fewer free bytes counts as full."""
_AGAIN = "then repeat the command: it continues where it stopped"
_SPACE = f"free some space, {_AGAIN}"
_WORDS = {
    errno.ENOSPC: ("the disk is full: {} cannot be written", _SPACE),
    errno.EDQUOT: ("this user's disk quota is used up: {} cannot be written", _SPACE),
    errno.EFBIG: ("{} would be larger than this process may write", f"raise the limit (`ulimit -f`), {_AGAIN}"),
    errno.EROFS: ("{} is on a read-only file system", f"make it writable, {_AGAIN}"),
    errno.EACCES: ("{} cannot be used: this user lacks permission", f"correct its owner or mode, {_AGAIN}"),
    errno.EPERM: ("{} cannot be used: this user lacks permission", f"correct its owner or mode, {_AGAIN}"),
    errno.ENAMETOOLONG: ("{} is too long a name for this system", "work in a folder with a shorter path"),
    errno.ELOOP: ("{} is a symbolic link that forms a loop", f"remove or correct it, {_AGAIN}"),
    errno.ENOTDIR: ("{} is not a folder, but one is required", f"move it away, {_AGAIN}"),
    errno.EEXIST: ("{} is not a folder, but one is required", f"move it away, {_AGAIN}"),
    errno.EISDIR: ("{} is a folder, but a file is required", f"move it away, {_AGAIN}"),
    errno.ENOENT: ("{} is a dangling symbolic link", f"remove or correct it, {_AGAIN}"),
    errno.EIO: ("{} cannot be read or written: the disk reports an error", "check the disk before anything else"),
}
_NAMELESS = {
    errno.ENOSPC: ("the disk is full: {}", _SPACE),
    errno.EDQUOT: ("this user's disk quota is used up", _SPACE),
    errno.EMFILE: ("this process has too many open files", f"raise the limit (`ulimit -n`), {_AGAIN}"),
    errno.ENFILE: ("this machine has too many open files", f"end programs that use many, {_AGAIN}"),
    errno.ENOMEM: ("this machine is out of memory", f"end other programs, or lower `limits.parallelism`, {_AGAIN}"),
}
"""Messages without a path: these errors are about the whole machine, or Python does not name the file."""

_OUTPUT = (
    (r"no space left on device|ENOSPC", "the disk is full", _SPACE),
    (r"disk quota exceeded|EDQUOT", "this user's disk quota is used up", _SPACE),
    (r"read-only file system|EROFS", "a file system is read-only", f"make it writable, {_AGAIN}"),
    (r"too many open files|EMFILE", "too many files are open", f"raise the limit (`ulimit -n`), {_AGAIN}"),
)
_LONGEST_LINE = 300


def from_exception(error: Exception) -> MachineError | None:
    """Turn an exception into a message; `None` if it is not about this machine (a connection, a bug)."""
    if loop := re.fullmatch("Symlink loop from '(.+)'", str(error)):
        error = OSError(errno.ELOOP, "", loop[1])  # from `Path.resolve` before Python 3.13
    if not isinstance(error, OSError):
        return None
    number = error.errno or 0
    if number == errno.ENOENT and error.filename is None and "temporary directory" in str(error.strerror):
        hint = f"set TMPDIR to a folder that can be written, {_AGAIN}"
        return MachineError("no folder for temporary files can be written", hint=hint)
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


def from_output(text: str, action: str) -> MachineError | None:
    """Find such an error in another program's output; `None` if there is none.

    Args:
        text: the output.
        action: the program's task, for the message.
    """
    for words, lead, hint in _OUTPUT:
        if match := re.search(rf".*(?:{words}).*", text, re.IGNORECASE):
            return MachineError(f"{lead}: {action} ended with `{match[0].strip()[-_LONGEST_LINE:]}`", hint=hint)
    return None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Add the path to an error that has none, because it was raised by a write and not by the opening."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def require_room(folder: Path) -> None:
    """Raise `MachineError` if the disk is full, which explains a program that ended without any output."""
    if _is_full(folder):
        message, hint = _WORDS[errno.ENOSPC]
        raise MachineError(message.format(folder), hint=hint)


def _culprit(path: Path, number: int) -> Path | None:
    """Return the part of a path that causes the error; `None` if nothing is wrong any more."""
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
    """Describe the full places among the working folder and the folder for temporary files."""
    places = [Path.cwd()]
    with suppress(OSError):
        places.append(Path(tempfile.gettempdir()))
    full = [str(place) for place in places if _is_full(place)]
    place = f"below {' and '.join(full)}" if full else "for this command's files or output"
    return f"no space is left {place}"


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False
