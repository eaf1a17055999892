"""Cache the provider's schema between servers: requesting it takes more than half of a new process's start.

A file is valid only for the executable that it came from (by path, inode, size and times), and if it belongs to this
user and is complete; otherwise the provider is called.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from orchestrator.terraform.warm_provider.wire import has_diagnostics

_FORMAT = 1
_DIGEST_BYTES = 32


class KeptSchema:
    """Keep a provider's schema response on disk.

    Args:
        folder: private to this user; created by the first write.
        binary: the provider's executable as it is now: the response of a replaced one is not kept.
    """

    def __init__(self, folder: Path, binary: Path) -> None:
        self._folder, self._binary = folder, binary
        self._identity = _identity(binary)

    def read(self, request: bytes) -> bytes | None:
        """Return the response to this request; `None` if it is not cached."""
        if self._identity is None or _identity(self._binary) != self._identity:
            return None
        try:
            with self._file(request).open("rb") as stream:
                if os.fstat(stream.fileno()).st_uid != os.getuid():
                    return None
                content = stream.read()
        except OSError:
            return None
        digest, schema = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        return schema if schema and hashlib.sha256(schema).digest() == digest else None

    def write(self, request: bytes, schema: bytes) -> None:
        """Keep a response without diagnostics. If the disk is full, the next server requests the schema again."""
        if self._identity is None or _identity(self._binary) != self._identity or has_diagnostics(schema):
            return
        file = self._file(request)
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if self._folder.stat().st_uid != os.getuid():
                return
            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(hashlib.sha256(schema).digest() + schema)
                os.replace(name, file)
            finally:
                Path(name).unlink(missing_ok=True)
            for older in self._folder.glob(f"{file.name.partition('-')[0]}-*"):
                if older != file:
                    older.unlink(missing_ok=True)

    def _file(self, request: bytes) -> Path:
        return self._folder / f"{_short(str(self._binary.resolve()))}-{_short(f'{self._identity}|{request.hex()}')}"


def _identity(binary: Path) -> tuple[object, ...] | None:
    try:
        status = binary.stat()
    except OSError:
        return None
    return (
        _FORMAT,
        str(binary.resolve()),
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
