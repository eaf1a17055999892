"""Unpacking what jobs bring along, for the owner of this process alone."""

from __future__ import annotations

import tarfile
from pathlib import Path

OWNER = 0o700


def unpack(archive: Path, target: Path) -> None:
    """Python's own `data` filter keeps links and paths inside; the modes in an archive know nothing of our umask."""
    with tarfile.open(archive) as opened:
        opened.extractall(target, filter=_for_the_owner)


def _for_the_owner(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo:
    kept = tarfile.data_filter(member, target)
    return kept if kept.mode is None else kept.replace(mode=kept.mode & OWNER, deep=False)
