"""Restrict the files of runs to their owner: values, plans and logs reveal secrets and the architecture.

Packages do not depend on this: the modes of their files are fixed (`packaging.py`).
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
    """Create new files, including those of child processes, with access for their owner only."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def tighten(repo: Path) -> None:
    """Remove other users' access to files of earlier versions. Costs three calls of `stat` if there are none.

    Raises `SetupError` for a folder that belongs to another user.
    """
    for folder in (repo / name for name in FOLDERS):
        if folder.is_symlink() or not folder.is_dir() or not folder.stat().st_mode & _OTHERS:
            continue
        try:
            for path in folder.rglob("*"):
                _close(path)
            _close(folder)  # last: it marks that all files below are done
        except PermissionError as error:
            raise SetupError(
                f"{error.filename} is open to other users and cannot be closed: it belongs to another user",
                hint=f"run `sudo chown -R $(id -un) {folder}`, or remove it (`make clean`)",
            ) from error


def _close(path: Path) -> None:
    """Remove other users' access to a file. Links are skipped: they have no mode, and their targets may be foreign."""
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode) and mode & _OTHERS:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
