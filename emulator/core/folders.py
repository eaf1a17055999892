"""Paths made of other people's names: object keys, channels, jobs. None leads out of the folder it is meant for."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class OutsideFolder(ValueError):
    """A name leads out of its folder, or to the folder itself."""


def inside(folder: Path, name: str) -> Path:
    """Return where `name`, which may have parts, lies below `folder`; links in between are followed.

    Raises:
        OutsideFolder: the name has `..` in the wrong places, is absolute, empty, or no name at all.
    """
    try:
        path, root = (folder / name).resolve(), folder.resolve()
    except ValueError as error:  # a NUL byte
        raise OutsideFolder(f"{name!r} is no name of a file") from error
    if path == root or not path.is_relative_to(root):
        raise OutsideFolder(f"{name!r} leads out of its folder, or names the folder itself")
    return folder / name


def of_name(folder: Path, name: str) -> Path:
    """Return a folder of one's own for a job or endpoint: named like it, or by hash where it has an odd name."""
    plain = PLAIN.fullmatch(name) is not None
    return folder / (name if plain else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:40])
