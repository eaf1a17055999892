"""Hash a model archive and the files in it, in one pass over a stream. Pure."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from typing import IO, Any, cast

_PIECE = 1 << 20


class ArchiveError(Exception):
    """The object is not a servable model archive."""


@dataclass(frozen=True)
class Digests:
    """`archive` is the SHA-256 of the bytes, `files` of all names and contents. A container, which gets the archive
    unpacked, can compute only the latter (`files_digest` in jobs/models/reviews/inference.py)."""

    archive: str
    files: str


class Hashed:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self._stream.read(None if size < 0 else size)
        self._digest.update(piece)
        return piece

    def hexdigest(self) -> str:
        """Return the hash of the whole stream, reading what the archive's reader has left."""
        while self.read(_PIECE):
            pass
        return self._digest.hexdigest()


def archive_digest(stream: Any) -> str:
    """Return the SHA-256 of a stream of any size."""
    return Hashed(stream).hexdigest()


def digests(stream: Any) -> Digests:
    """Return both hashes of a `model.tar.gz`. Raises `ArchiveError` for anything but a tar.gz of files and folders."""
    hashed = Hashed(stream)
    files: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=cast(IO[bytes], hashed), mode="r|gz") as tar:
            for member in tar:
                if member.isdir():
                    continue
                if not member.isfile():
                    raise ArchiveError(f"the archive holds '{member.name}', which is neither a file nor a folder")
                files[_name(member.name)] = _contents(tar, member)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"not a tar.gz archive: {error}") from error
    if not files:
        raise ArchiveError("the archive holds no file")
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return Digests(hashed.hexdigest(), hashlib.sha256(lines.encode()).hexdigest())


def _name(name: str) -> str:
    parts = [part for part in name.split("/") if part != "."]
    if name.startswith("/") or ".." in parts:
        raise ArchiveError(f"the archive holds '{name}', which would be unpacked outside its folder")
    return "/".join(parts)


def _contents(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    digest, stream = hashlib.sha256(), tar.extractfile(member)
    assert stream is not None  # a regular file always has one
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()
