"""Botocore's descriptions of AWS, read once for the whole process.

Every session reads and parses them again, and this process has a dozen: those of moto, of the state machine
interpreter and of the emulator. EC2's model is 3 MB, the list of endpoints 0.6 MB, and while one thread parses, no
other runs.
"""

from __future__ import annotations

import threading
from typing import Any

from botocore.loaders import JSONFileLoader

_UNREAD = object()


def share() -> None:
    """Share what is read among all sessions. Call this before importing moto, which reads many models."""
    original = JSONFileLoader.load_file
    read: dict[str, Any] = {}
    lock = threading.Lock()

    def load_file(self: JSONFileLoader, file_path: str) -> Any:
        if read.get(file_path, _UNREAD) is _UNREAD:
            with lock:
                if read.get(file_path, _UNREAD) is _UNREAD:
                    read[file_path] = original(self, file_path)
        return read[file_path]

    JSONFileLoader.load_file = load_file  # type: ignore[method-assign]
