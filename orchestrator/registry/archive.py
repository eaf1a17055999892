"""Check a model archive before it is uploaded: a gzip-compressed tar whose files stay in their folder."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable
from pathlib import Path

from orchestrator.errors import PlatformError
from orchestrator.system.text_files import printable

CODE = "code/inference.py"
_PIECE = 1 << 20


def check(path: Path, needed: Iterable[str]) -> frozenset[str]:
    """Return the names of the files in an archive.

    Args:
        path: the archive.
        needed: names of files that must be in it.

    Raises:
        PlatformError: it cannot be served; the message says why.
    """
    if not path.is_file():
        raise PlatformError(f"there is no file {printable(str(path))}", hint="name an existing model.tar.gz")
    names: set[str] = set()
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                if not member.isdir():
                    names.add(_name(path, member))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise PlatformError(
            f"{printable(path.name)} is not a gzip-compressed tar: {error}",
            hint="`tar -czf model.tar.gz -C FOLDER .` makes one",
        ) from error
    if not names:
        raise PlatformError(f"{printable(path.name)} holds no file", hint="pack the model and its code")
    for name in needed:
        if name not in names:
            raise PlatformError(
                f"{printable(path.name)} has no {name}; it holds {_listed(names)}",
                hint="docs/reference/containers.md describes it; an own image (`--image`) needs no code in the archive",
            )
    return frozenset(names)


def sha256_of(path: Path) -> str:
    """Return the hash of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _name(path: Path, member: tarfile.TarInfo) -> str:
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    shown = f"{printable(path.name)} holds {printable(member.name)}"
    if not member.isfile():
        raise PlatformError(f"{shown}, which is neither a file nor a folder", hint="pack files instead of links")
    if member.name.startswith("/") or ".." in parts:
        raise PlatformError(
            f"{shown}, which would be unpacked outside its folder", hint="pack from within: `tar -czf … -C FOLDER .`"
        )
    return "/".join(parts)


def _listed(names: set[str]) -> str:
    shown = [printable(name) for name in sorted(names)[:5]]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
