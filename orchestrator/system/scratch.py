"""A folder for a process's temporary files, which the next one removes if its owner was killed."""

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
"""Of a checkout; one folder for each process."""
_OWNER = "owner.json"


def folder(root: Path) -> Path:
    """Make a folder below `root` that lives as long as this process; those of dead ones go."""
    root.mkdir(parents=True, exist_ok=True)
    sweep(root)
    made = Path(tempfile.mkdtemp(prefix="", dir=root))
    (made / _OWNER).write_text(json.dumps(dataclasses.asdict(identity.own())), encoding="utf-8")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def sweep(root: Path) -> None:
    """Remove the folders of processes that are certainly gone."""
    for each in root.iterdir() if root.is_dir() else ():
        owner = _owner(each)
        if owner is not None and identity.life(owner) == "dead":
            shutil.rmtree(each, ignore_errors=True)


def _owner(folder: Path) -> Identity | None:
    """`None` for one that is being made, or that somebody else made."""
    with contextlib.suppress(OSError, ValueError):
        return identity.read(json.loads((folder / _OWNER).read_text(encoding="utf-8")))
    return None
