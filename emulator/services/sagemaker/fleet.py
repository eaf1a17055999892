"""Servers of a variant whose requests are queued: started for work, replaced when one dies, none at zero instances.

AWS runs the endpoint's desired count of instances, each with its own workers. Here a few processes serve any count;
the count only decides whether requests are served at all.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from emulator.services.sagemaker.model_server import Answer, HostingFailed, ModelServer, OnDeath, Request

PROCESSES = 2
"""Processes of one variant."""


@dataclass
class _Slot:
    """Room for one server."""

    server: ModelServer | None = None


class Fleet:
    """Several servers behind the interface of one."""

    def __init__(self, name: str, make: Callable[[OnDeath], ModelServer], processes: int = PROCESSES) -> None:
        self._name, self._make = name, make
        self._slots = [_Slot() for _ in range(processes)]
        self._free: queue.LifoQueue[_Slot] = queue.LifoQueue()
        # Last in, first out: successive requests are answered by the same server.
        for slot in self._slots:
            self._free.put(slot)
        self._closed = threading.Event()

    def start(self) -> ModelServer:
        """Start and return one server, which shows that the model can be loaded."""
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
        """Stop every server once it has answered, as there are no instances."""
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
        """Return the slot's server; start one if there is none or it has died."""
        if self._closed.is_set():
            raise HostingFailed("the endpoint has another configuration, or was deleted")
        if slot.server is None or slot.server.record.status != "running":
            slot.server = None
            # The next request on this slot notices that it died.
            server = self._make(lambda reason: None)
            server.start()
            slot.server = server
        return slot.server
