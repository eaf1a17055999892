"""Paths built from names that clients choose: object keys, channels, jobs. None leaves its folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class OutsideFolder(ValueError):
    """A name leaves its folder, or names the folder itself."""


def inside(folder: Path, name: str) -> Path:
    """Return where `name`, which may have parts, lies below `folder`; links in between are followed.

    Raises:
        OutsideFolder: the name leaves the folder by `..`, is absolute or empty, or is not a file name.
    """
    try:
        path, root = (folder / name).resolve(), folder.resolve()
    except ValueError as error:  # a NUL byte
        raise OutsideFolder(f"{name!r} is not a file name") from error
    if path == root or not path.is_relative_to(root):
        raise OutsideFolder(f"{name!r} leads out of its folder, or names the folder itself")
    return folder / name


def of_name(folder: Path, name: str) -> Path:
    """Return the folder of a job or endpoint: it has its name, or the name's hash if that is not a plain file name."""
    plain = PLAIN.fullmatch(name) is not None
    return folder / (name if plain else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:40])
