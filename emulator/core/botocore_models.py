"""Botocore's descriptions of AWS, read once for the whole process.

Every session reads and parses them anew, and a dozen sessions live here: moto's, the interpreter's of state
machines, our own. EC2's model alone is 3 MB, the list of endpoints 0.6 MB, and while one thread parses, no other runs.
"""

from __future__ import annotations

import threading
from typing import Any

from botocore.loaders import JSONFileLoader

_UNREAD = object()


def share() -> None:
    """From now on all sessions share what was read. To be called before moto is imported, which reads much."""
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
