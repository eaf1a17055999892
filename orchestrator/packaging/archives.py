"""Read sources and write archives, byte for byte the same on any machine.

Files are sorted, times and modes fixed, contents stored instead of deflated (zlib's output differs between versions).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from orchestrator.core.package import Package
from orchestrator.errors import SetupError
from orchestrator.system import trouble

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can store."""
_FILE_MODE = 0o644
_LEFT_OUT_FOLDERS = {"__pycache__", "tests"}
_LEFT_OUT_SUFFIXES = {".pyc", ".pyo"}


def write(out: Path, name: str, ending: str, content: bytes) -> Package:
    digest = hashlib.sha256(content)
    path = out / f"{name}-{digest.hexdigest()[:16]}.{ending}"
    if not path.exists() or path.read_bytes() != content:
        # All environments share the folder, and another one's Terraform may be reading.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with trouble.writing(path):
            draft.write_bytes(content)
        draft.replace(path)
    return Package(name=name, path=path, sha256_base64=base64.b64encode(digest.digest()).decode())


def tree(folder: Path) -> dict[str, bytes]:
    """Map relative POSIX paths to contents, without tests, caches and hidden files."""
    if not folder.is_dir():
        raise SetupError(f"{folder} is missing: it is the source of a package")
    contents = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _left_out(relative):
            contents[relative.as_posix()] = path.read_bytes()
    return contents


def _left_out(path: Path) -> bool:
    return (
        path.suffix in _LEFT_OUT_SUFFIXES
        or bool(_LEFT_OUT_FOLDERS & set(path.parts))
        or any(part.startswith(".") for part in path.parts)
    )


def read(path: Path) -> bytes:
    if not path.is_file():
        raise SetupError(f"{path} is missing: it is the source of a package")
    return path.read_bytes()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system = 3  # Unix, also when built elsewhere: Lambda reads the mode from here
            entry.external_attr = (0o100000 | _FILE_MODE) << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def tar_gz_of(files: Mapping[str, bytes]) -> bytes:
    """Write a gzip with a stored deflate block: SageMaker requires `.tar.gz`, but no compression."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(files[name]), _FILE_MODE, 0
            archive.addfile(entry, io.BytesIO(files[name]))
    # From Python 3.11 on, gzip.compress leaves the header to zlib, which writes the operating system into it.
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=0, mtime=0) as archive_gz:
        archive_gz.write(buffer.getvalue())
    return packed.getvalue()
