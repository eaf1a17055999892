"""Folders for a process's temporary files, which the next process removes if their owner was killed."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

from orchestrator.system import identity
from orchestrator.system.identity import Identity

FOLDER = Path("build") / "scratch"
"""The folder in a checkout that has one folder for each process."""
_OWNER = "owner.json"


def folder(root: Path) -> Path:
    """Create a folder below `root` for the life of this process, and remove those of dead processes."""
    root.mkdir(parents=True, exist_ok=True)
    sweep(root)
    made = Path(tempfile.mkdtemp(prefix="", dir=root))
    (made / _OWNER).write_text(json.dumps(dataclasses.asdict(identity.own())), encoding="utf-8")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def sweep(root: Path) -> None:
    """Remove the folders of processes that have certainly ended."""
    for each in root.iterdir() if root.is_dir() else ():
        owner = _owner(each)
        if owner is not None and identity.life(owner) == "dead":
            shutil.rmtree(each, ignore_errors=True)


def _owner(folder: Path) -> Identity | None:
    """Return a folder's owner; `None` for one that is being created, or that is not a process's."""
    with contextlib.suppress(OSError, ValueError):
        return identity.read(json.loads((folder / _OWNER).read_text(encoding="utf-8")))
    return None
