"""Asynchronous inference: requests wait in a queue, and each ends as one object in S3 and one notification.

The input is read, the model server answers, the answer is written, and a topic is notified. A request whose server died
returns to the front of the queue, and so does one that S3 did not accept in time. Queues are in memory, as all state of
the emulator: when it stops, waiting requests are lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core.evidence import STORE, caused_by
from emulator.services.sagemaker.async_outcomes import Outcome, Store
from emulator.services.sagemaker.model_server import Answer, Request

LOG = logging.getLogger(__name__)
MOST_DELIVERIES = 5
"""A request that has ended this many servers fails: it is the cause."""
AT_ONCE = 4
"""Concurrent requests of one instance, if the configuration does not set them."""
THREADS = 16
"""Limit of concurrent requests of one endpoint, for any number of instances."""
PAUSE_SECONDS = 0.2
"""Delay before a returned request is delivered again."""


@dataclass(frozen=True)
class Destination:
    """Destinations of results and notifications: the OutputConfig of an endpoint's configuration."""

    role_arn: str
    region: str
    kms_key_id: str | None = None
    success_topic: str | None = None
    error_topic: str | None = None
    include_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Queued:
    """One InvokeEndpointAsync."""

    endpoint: str
    inference_id: str
    input_location: str | None
    body: bytes | None
    output_location: str
    failure_location: str | None
    content_type: str | None
    accept: str | None
    destination: Destination
    ttl_seconds: float
    timeout_seconds: float
    received: float
    evidence_id: str
    deliveries: int = 0

    def expired(self, now: float) -> bool:
        return now > self.received + self.ttl_seconds


Ask = Callable[[Request], Answer]
Report = Callable[[Queued, Outcome, float], None]
"""Called with a request, its outcome and the seconds that it waited."""


@dataclass
class State:
    """The state of a queue."""

    waiting: int = 0
    running: int = 0
    oldest: float = 0.0
    """Age of the oldest request in seconds."""

    @property
    def backlog(self) -> int:
        """Return the backlog as SageMaker counts it: queued requests and those in progress."""
        return self.waiting + self.running


@dataclass
class Backlog:
    """The queue of one endpoint. `limit` returns how many requests may be in progress: none at zero instances."""

    store: Store
    ask: Ask
    limit: Callable[[], int]
    report: Report
    _waiting: deque[Queued] = field(default_factory=deque)
    _running: int = 0
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, request: Queued) -> None:
        with self._lock:
            self._waiting.append(request)
        self.wake()

    def wake(self) -> None:
        """Start as many threads as there are requests, up to the limit."""
        with self._lock:
            free = min(self.limit(), THREADS) - self._running
            for _ in range(max(0, min(free, len(self._waiting)))):
                self._running += 1
                threading.Thread(target=self._work, name="async-inference", daemon=True).start()

    def state(self) -> State:
        with self._lock:
            first = self._waiting[0].received if self._waiting else None
            return State(len(self._waiting), self._running, time.time() - first if first else 0.0)

    def close(self) -> int:
        """Stop deliveries; return how many waiting requests are lost."""
        with self._lock:
            self._closed = True
            lost = len(self._waiting)
            for request in self._waiting:
                STORE.fail(request.evidence_id, "the endpoint was deleted while the request waited")
            self._waiting.clear()
            return lost

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._waiting or self._running > self.limit():
                    self._running -= 1
                    return
                request = self._waiting.popleft()
            try:
                self._deliver(request)
            except Exception:
                # Any error: a request must not be lost with the thread that handles it.
                LOG.exception("asynchronous request %s", request.inference_id)
                self._return(request, "InternalServerError. Please try again later.")

    def _deliver(self, request: Queued) -> None:
        began = time.time()
        if request.expired(began):
            self._end(request, Outcome.failed("ClientError: The request expired in the queue."), began)
            return
        with caused_by(request.evidence_id):
            try:
                body = request.body if request.body is not None else self.store.read(request)
            except (ClientError, BotoCoreError, ValueError) as error:
                reason = f"ClientError: Failed to download the input {request.input_location}: {error}"
                self._end(request, Outcome.failed(reason), began)
                return
            answer = self.ask(
                Request(
                    body,
                    content_type=request.content_type or "application/octet-stream",
                    accept=request.accept or "application/json",
                    inference_id=request.inference_id,
                    timeout_seconds=request.timeout_seconds,
                )
            )
        if answer.lost:
            self._return(request, f"InternalServerError. {answer.body.decode(errors='replace')}")
            return
        server = STORE.get(answer.evidence_id)
        if server:
            # A process that ran this archive has answered, which makes the answer an executed one.
            STORE.link(request.evidence_id, server.id)
            STORE.update(request.evidence_id, pid=server.pid, artifact_sha256=server.artifact_sha256)
        self._end(request, Outcome.of(answer), began)

    def _return(self, request: Queued, reason: str) -> None:
        """Return a request to the front of the queue, unless it has been delivered too often."""
        again = replace(request, deliveries=request.deliveries + 1)
        STORE.update(request.evidence_id, detail={"deliveries": again.deliveries + 1, "returned": reason[:500]})
        if again.deliveries >= MOST_DELIVERIES:
            self._end(again, Outcome.failed(reason), time.time())
            return
        time.sleep(PAUSE_SECONDS)
        with self._lock:
            if not self._closed:
                self._waiting.appendleft(again)

    def _end(self, request: Queued, outcome: Outcome, began: float) -> None:
        outcome = self.store.write(request, outcome)
        detail = {"deliveries": request.deliveries + 1, "location": outcome.location, "notified": outcome.notified}
        if outcome.reason:
            STORE.fail(request.evidence_id, outcome.reason, detail=detail)
        else:
            STORE.succeed(request.evidence_id, detail=detail)
        self.report(request, outcome, max(0.0, began - request.received))
