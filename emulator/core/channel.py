"""Messages between the server and one of its workers: a JSON header and a body of bytes, over a socket pair.

The worker's side is repeated in each program of `runtime/`, because those import nothing of the emulator.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

FRAME = struct.Struct(">II")


class ChannelClosed(Exception):
    """The worker is gone, or closed its end in the middle of a message."""


class Channel:
    """The server's end. One conversation at a time: callers lock."""

    def __init__(self) -> None:
        self._socket, self._theirs = socket.socketpair()

    @property
    def child_fd(self) -> int:
        """Descriptor to pass to the child; `started` closes our copy of it."""
        return self._theirs.fileno()

    def started(self) -> None:
        self._theirs.close()

    def send(self, header: dict[str, Any], body: bytes = b"", *, timeout: float | None = None) -> None:
        encoded = json.dumps(header).encode()
        self._socket.settimeout(timeout)
        try:
            self._socket.sendall(FRAME.pack(len(encoded), len(body)) + encoded + body)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChannelClosed from error

    def receive(self, *, timeout: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The next message. Raises `TimeoutError` and `ChannelClosed`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        header_size, body_size = FRAME.unpack(self._exactly(FRAME.size, deadline))
        header = json.loads(self._exactly(header_size, deadline))
        return header, self._exactly(body_size, deadline)

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        chunks: list[bytes] = []
        while size:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            try:
                chunk = self._socket.recv(min(size, 1 << 20))
            except ConnectionResetError as error:
                raise ChannelClosed from error
            if not chunk:
                raise ChannelClosed
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        self._socket.close()
