"""What runs leave on this machine is for its owner alone: values, plans and logs tell secrets and how things are built.

Packages do not depend on it: the modes of what is in them are fixed (`tools.packages`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import SetupError

UMASK = 0o077
FOLDERS = ("build", ".runs", ".emulator")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def only_ours() -> Iterator[None]:
    """New files are the owner's alone, those of children too."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def tighten(repo: Path) -> None:
    """Take from everybody else what an earlier version has left open. Costs a look at three folders when none is.

    Raises `SetupError` for a folder that belongs to somebody else.
    """
    for folder in (repo / name for name in FOLDERS):
        if folder.is_symlink() or not folder.is_dir() or not folder.stat().st_mode & _OTHERS:
            continue
        try:
            for path in folder.rglob("*"):
                _close(path)
            _close(folder)  # last: it marks that all below is done
        except PermissionError as error:
            raise SetupError(
                f"{error.filename} is open to other users and cannot be closed: it belongs to somebody else",
                hint=f"`sudo chown -R $(id -un) {folder}`, or remove it (`make clean`)",
            ) from error


def _close(path: Path) -> None:
    """A link has no mode of its own, and what it leads to is not ours to change."""
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode) and mode & _OTHERS:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
