"""Servers of a variant whose requests are queued: made when work is there, replaced when one dies, none at zero.

AWS runs as many instances as the endpoint's desired count says, each with workers of its own. Here a few processes
serve them all, whatever the count; the count itself decides only whether anybody serves.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from emulator.services.sagemaker.model_server import Answer, HostingFailed, ModelServer, OnDeath, Request

PROCESSES = 2
"""Of one variant at a time."""


@dataclass
class _Slot:
    """Room for one server."""

    server: ModelServer | None = None


class Fleet:
    """Starts, answers and stops like one server."""

    def __init__(self, name: str, make: Callable[[OnDeath], ModelServer], processes: int = PROCESSES) -> None:
        self._name, self._make = name, make
        self._slots = [_Slot() for _ in range(processes)]
        self._free: queue.LifoQueue[_Slot] = queue.LifoQueue()
        # Last in, first out: one request after the other is answered by one and the same server.
        for slot in self._slots:
            self._free.put(slot)
        self._closed = threading.Event()

    def start(self) -> ModelServer:
        """One server, which is returned, shows that the model can be loaded."""
        slot = self._free.get()
        try:
            return self._server(slot)
        finally:
            self._free.put(slot)

    def invoke(self, request: Request) -> Answer:
        slot = self._free.get()
        try:
            server = self._server(slot)
            if request.dies:
                server.kill()
            answer = server.invoke(request)
            if answer.lost:
                slot.server = None
            return answer
        except HostingFailed as error:
            return Answer(502, str(error).encode(), "text/plain", self._name, "", lost=True)
        finally:
            self._free.put(slot)

    def idle(self) -> None:
        """No instances any more: every server ends, once it has answered."""
        taken = [self._free.get() for _ in self._slots]
        for slot in taken:
            server, slot.server = slot.server, None
            if server:
                server.stop("scaled in to zero")
            self._free.put(slot)

    def stop(self, reason: str) -> None:
        self._closed.set()
        for slot in self._slots:
            server, slot.server = slot.server, None
            if server:
                server.stop(reason)

    def _server(self, slot: _Slot) -> ModelServer:
        """The slot's server, or a new one where there is none or it has died."""
        if self._closed.is_set():
            raise HostingFailed("the endpoint has another configuration, or is gone")
        if slot.server is None or slot.server.record.status != "running":
            slot.server = None
            # Its death is noticed by the next request that comes to this slot.
            server = self._make(lambda reason: None)
            server.start()
            slot.server = server
        return slot.server
