"""A request ends once: as one result or as one failure, however often its message comes. Pure but for the store.

A message may come twice at the same moment, and a worker may be killed between any two steps. So the end of a request
is a marker that can only be created, never changed. A result is written before its marker (and taken away again if
another worker had settled on a failure); a failure's words are in its marker, and its object is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from async_worker.messages import Job
from inference_common.json_input import loads
from inference_common.json_output import dumps


class Store(Protocol):
    def read(self, key: str) -> bytes | None: ...
    def exists(self, key: str) -> bool: ...
    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool: ...
    def delete(self, key: str) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """How a request ended. `error` is nothing for a result."""

    error: Mapping[str, str] | None = None

    @property
    def completed(self) -> bool:
        return self.error is None


def settled(store: Store, job: Job) -> Outcome | None:
    """How this request has ended already; what a killed worker left undone is done."""
    marker = store.read(job.marker_key)
    if marker is None:
        # Killed between a result and its marker: the result is there, and was paid for.
        return _mark(store, job, Outcome()) if store.exists(job.output_key) else None
    return _kept(store, job, _outcome(marker))


def complete(store: Store, job: Job, result: Mapping[str, Any], metadata: Mapping[str, str]) -> Outcome:
    """Settle on a result."""
    store.put_new(job.output_key, dumps(result).encode(), metadata)
    return _mark(store, job, Outcome())


def fail(store: Store, job: Job, type_: str, message: str) -> Outcome:
    """Settle on a failure."""
    return _mark(store, job, Outcome({"type": type_, "message": message}))


def _mark(store: Store, job: Job, proposed: Outcome) -> Outcome:
    """What the request ends as: what is wanted, or what somebody else was quicker with."""
    document = {"status": "completed" if proposed.completed else "failed", "error": proposed.error}
    if store.put_new(job.marker_key, dumps(document).encode(), {}):
        return _kept(store, job, proposed)
    marker = store.read(job.marker_key)
    assert marker is not None, "a marker is never deleted"
    return _kept(store, job, _outcome(marker))


def _kept(store: Store, job: Job, outcome: Outcome) -> Outcome:
    """The outcome, after its object is made sure of."""
    if outcome.error is not None:
        if store.exists(job.output_key):
            store.delete(job.output_key)
        body = dumps({"request_id": job.request_id, "error": outcome.error}).encode()
        store.put_new(job.failure_key, body, {})
    return outcome


def _outcome(marker: bytes) -> Outcome:
    error = loads(marker)["error"]
    return Outcome(error)
