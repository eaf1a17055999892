"""Settle each request exactly once, as a result or as a failure, however often its message is delivered.

A message may be delivered twice at the same time, and a worker may be killed between any two steps. The outcome is
therefore a marker object that can be created but never changed. A result is written before its marker, and deleted
again if another worker settled on a failure. A failure is described in its marker, and its object is created from that.
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
    """The outcome of a request. `error` is None for a result."""

    error: Mapping[str, str] | None = None

    @property
    def completed(self) -> bool:
        return self.error is None


def settled(store: Store, job: Job) -> Outcome | None:
    """Return the recorded outcome, if any, after completing what a killed worker left undone."""
    marker = store.read(job.marker_key)
    if marker is None:
        # A worker was killed between result and marker. The result was paid for, so it counts.
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
    """Record the proposed outcome, or return the one that another worker recorded first."""
    document = {"status": "completed" if proposed.completed else "failed", "error": proposed.error}
    if store.put_new(job.marker_key, dumps(document).encode(), {}):
        return _kept(store, job, proposed)
    marker = store.read(job.marker_key)
    assert marker is not None, "a marker is never deleted"
    return _kept(store, job, _outcome(marker))


def _kept(store: Store, job: Job, outcome: Outcome) -> Outcome:
    """Make sure that the failure object exists, and no result beside it; return the outcome."""
    if outcome.error is not None:
        if store.exists(job.output_key):
            store.delete(job.output_key)
        body = dumps({"request_id": job.request_id, "error": outcome.error}).encode()
        store.put_new(job.failure_key, body, {})
    return outcome


def _outcome(marker: bytes) -> Outcome:
    error = loads(marker)["error"]
    return Outcome(error)
