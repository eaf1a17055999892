"""Ways to serve a variant: by one server, on demand, by one server per model, or by several containers.

All of them have the interface of a single server.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from emulator.core.aws import Aws
from emulator.services.sagemaker.fleet import Fleet
from emulator.services.sagemaker.model_server import Answer, HostingFailed, Model, ModelServer, OnDeath, Request

IDLE_SECONDS = 300.0
"""Idle time after which a serverless variant's server is stopped."""
LOADED_MODELS = 4
"""Models of one multi-model variant that are kept in memory; the least recently used is dropped first."""

Mode = Literal["single", "multi-model", "serial", "direct"]


class Refused(Exception):
    """A request that this endpoint does not accept: a ValidationError on AWS."""


class Busy(Exception):
    """More concurrent requests than the variant accepts: a ThrottlingException on AWS."""


@dataclass(frozen=True)
class Serverless:
    max_concurrency: int
    provisioned_concurrency: int = 0


@dataclass(frozen=True)
class Variant:
    name: str
    models: tuple[Model, ...]
    """One per container; more than one only in the modes `serial` and `direct`."""
    mode: Mode = "single"
    serverless: Serverless | None = None
    asynchronous: bool = False
    """Whether its requests come from a queue, and its instances may drop to zero."""


class Serving(Protocol):
    def start(self) -> object:
        """Raises `HostingFailed`."""
        ...

    def invoke(self, request: Request) -> Answer: ...
    def stop(self, reason: str) -> None: ...


def serving(aws: Aws, endpoint: str, variant: Variant, on_death: OnDeath, cause: str | None) -> Serving:
    """Return the server of a variant without starting it."""

    def server(model: Model, died: OnDeath = on_death, **detail: Any) -> ModelServer:
        return ModelServer(aws, endpoint, variant.name, model, died, cause, **detail)

    if variant.mode == "multi-model":
        return MultiModel(variant, lambda model, died: server(model, died, mode="multi-model"))
    if variant.mode in ("serial", "direct"):
        return Containers(variant, lambda model: server(model, container=model.hostname, mode=variant.mode))
    model = variant.models[0]
    if variant.asynchronous:
        return Fleet(variant.name, lambda died: server(model, died, mode="asynchronous"))
    if variant.serverless is None:
        return server(model)
    idle = IDLE_SECONDS * aws.settings.time_scale
    return OnDemand(variant, lambda died: server(model, died, mode="serverless"), idle)


class OnDemand:
    """A serverless variant: the first request starts its server and waits for it; idleness stops it.

    AWS starts a worker for each concurrent request, up to the limit. Here one serves them in turn, and more requests
    than the limit are rejected.
    """

    def __init__(self, variant: Variant, make: Callable[[OnDeath], ModelServer], idle_seconds: float) -> None:
        assert variant.serverless is not None
        self._name, self._limits, self._make, self._idle_seconds = variant.name, variant.serverless, make, idle_seconds
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._server: ModelServer | None = None
        self._in_flight, self._last_used = 0, 0.0
        self._stopped = False

    def start(self) -> None:
        if self._limits.provisioned_concurrency:
            self._awake()

    def invoke(self, request: Request) -> Answer:
        with self._lock:
            if self._in_flight >= self._limits.max_concurrency:
                raise Busy(f"{self._limits.max_concurrency} concurrent requests are the limit of the variant")
            self._in_flight += 1
        try:
            server, cold_ms = self._awake()
            return replace(server.invoke(request), cold_start_ms=cold_ms)
        except HostingFailed as error:
            return Answer(502, str(error).encode(), "text/plain", self._name, "")
        finally:
            with self._lock:
                self._in_flight -= 1
                self._last_used = time.monotonic()
            self._drop_later()

    def stop(self, reason: str) -> None:
        with self._starting:
            self._stopped = True
            server, self._server = self._server, None
        if server:
            server.stop(reason)

    def _awake(self) -> tuple[ModelServer, float]:
        """Return the server, and the milliseconds that its start took if it was not running."""
        with self._starting:
            if self._stopped:
                raise HostingFailed("the endpoint was deleted")
            if self._server is not None:
                return self._server, 0.0
            started = time.monotonic()
            server = self._make(self._died)
            server.start()
            self._server = server
            cold_ms = (time.monotonic() - started) * 1000
            server.note(cold_start_ms=round(cold_ms))
            return server, cold_ms

    def _died(self, reason: str) -> None:
        """Forget the server; the next request starts another one."""
        self._server = None

    def _drop_later(self) -> None:
        if self._limits.provisioned_concurrency:
            return
        timer = threading.Timer(self._idle_seconds, self._drop)
        timer.daemon = True
        timer.start()

    def _drop(self) -> None:
        with self._starting, self._lock:
            idle = time.monotonic() - self._last_used
            if self._in_flight or idle < self._idle_seconds * 0.99 or self._server is None:
                return
            server, self._server = self._server, None
        server.stop("idle")


class MultiModel:
    """One server per model, started by the first request for it."""

    def __init__(self, variant: Variant, make: Callable[[Model, OnDeath], ModelServer]) -> None:
        self._name, self._model, self._make = variant.name, variant.models[0], make
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, ModelServer] = OrderedDict()

    def start(self) -> None:
        if not self._model.data_url or not self._model.data_url.endswith("/"):
            raise HostingFailed(f"A multi-model container requires an S3 prefix, got {self._model.data_url}")

    def invoke(self, request: Request) -> Answer:
        if not request.model:
            raise Refused("This is a multi-model endpoint: the request must name a model in TargetModel.")
        if request.model.startswith("/") or ".." in request.model:
            raise Refused(f"TargetModel {request.model} is not a path below the container's prefix.")
        try:
            return self._server(request.model).invoke(request)
        except HostingFailed as error:
            if "Failed to download" in str(error):
                raise Refused(f"{error} (TargetModel {request.model})") from error
            return Answer(502, str(error).encode(), "text/plain", self._name, "")

    def stop(self, reason: str) -> None:
        with self._lock:
            servers = list(self._loaded.values())
            self._loaded.clear()
        for server in servers:
            server.stop(reason)

    def _server(self, target: str) -> ModelServer:
        with self._lock:
            if target not in self._loaded:
                url = f"{self._model.data_url}{target}"
                server = self._make(replace(self._model, data_url=url), lambda reason: self._forget(target))
                server.start()
                self._loaded[target] = server
                if len(self._loaded) > LOADED_MODELS:
                    self._loaded.popitem(last=False)[1].stop("replaced by another model")
            self._loaded.move_to_end(target)
            return self._loaded[target]

    def _forget(self, target: str) -> None:
        self._loaded.pop(target, None)


class Containers:
    """Several containers: each gets the answer of the previous one, or the request names one."""

    def __init__(self, variant: Variant, make: Callable[[Model], ModelServer]) -> None:
        self._name, self._mode = variant.name, variant.mode
        self._servers = {model.hostname: make(model) for model in variant.models}

    def start(self) -> None:
        for server in self._servers.values():
            server.start()

    def invoke(self, request: Request) -> Answer:
        return self._direct(request) if self._mode == "direct" else self._serial(request)

    def stop(self, reason: str) -> None:
        for server in self._servers.values():
            server.stop(reason)

    def _direct(self, request: Request) -> Answer:
        if request.container not in self._servers:
            raise Refused(
                f"TargetContainerHostname must be one of {', '.join(self._servers)}, received {request.container}."
            )
        return self._servers[request.container].invoke(request)

    def _serial(self, request: Request) -> Answer:
        if request.container:
            raise Refused("TargetContainerHostname is only for endpoints whose containers are invoked directly.")
        answer: Answer | None = None
        for server in self._servers.values():
            step = request if answer is None else replace(request, body=answer.body, content_type=answer.content_type)
            answer = server.invoke(step)
            if answer.status != 200:
                break
        assert answer is not None
        return answer
