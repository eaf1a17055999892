"""Unpacking the archives of jobs, readable for the owner of this process only."""

from __future__ import annotations

import tarfile
from pathlib import Path

OWNER = 0o700


def unpack(archive: Path, target: Path) -> None:
    """Unpack an archive with Python's `data` filter, and without modes that would bypass the umask."""
    with tarfile.open(archive) as opened:
        opened.extractall(target, filter=_for_the_owner)


def _for_the_owner(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo:
    kept = tarfile.data_filter(member, target)
    return kept if kept.mode is None else kept.replace(mode=kept.mode & OWNER, deep=False)
