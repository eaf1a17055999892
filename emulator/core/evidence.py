"""Evidence: one record per piece of compute, and how real it was, derived from the record.

A record is begun by the code that starts the work and ended by the code that sees it end. Nothing here says "this kind
of thing is executed": a record counts as executed when a process with an id ran an artifact with a hash.

Records know what caused them. Work started while `caused_by(id)` is in force is linked to that record, and so
is every request signed with credentials that were passed to it (`lend_credentials`): a Lambda that calls an
endpoint shows up as the cause of that call without any code for it.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.core.fidelity import Fidelity, weakest

KINDS = (
    "athena-query",
    "lambda",
    "glue-crawler",
    "glue-job",
    "training",
    "processing",
    "endpoint",
    "async-inference",
    "transform",
    "model-server",
    "bedrock-batch",
    "bedrock",
    "data-quality",
    "states-call",
    "event-delivery",
    "fault",
)

NO_WORK = ("event-delivery", "fault")
"""Kinds of records of what happened around work, and not of work itself."""

CAPACITY = 20_000
"""Records kept; the oldest ended ones go first."""

_cause: ContextVar[str | None] = ContextVar("evidence_cause", default=None)


def current_cause() -> str | None:
    return _cause.get()


@contextmanager
def caused_by(evidence_id: str | None) -> Iterator[None]:
    """Link work begun inside to this record. Threads do not inherit it: pass the id on."""
    token = _cause.set(evidence_id)
    try:
        yield
    finally:
        _cause.reset(token)


@dataclass
class Evidence:
    """One piece of work. `detail` is further information for users, JSON-serialisable."""

    id: str
    kind: str
    resource: str
    execution: str | None = None
    state: str | None = None
    parent: str | None = None
    pid: int | None = None
    exit_code: int | None = None
    artifact_sha256: str | None = None
    status: str = "running"
    stand_in: str | None = None
    """Name of the substitute that answered."""
    recorded: bool = False
    """Stored instead of carried out, such as an e-mail."""
    started_at: str = ""
    ended_at: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)

    def own_fidelity(self) -> Fidelity:
        """Return the fidelity of this record alone."""
        if self.stand_in:
            return "stand-in"
        if self.recorded:
            return "recorded"
        if self.pid is None:
            # Work that needs a process and ended before one was started did not run.
            return "not-run" if self.status == "failed" and self.detail.get("needs_process") else "emulated"
        return "executed" if self.artifact_sha256 else "emulated"


class EvidenceStore:
    """Thread-safe. Records are changed through the store only."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.RLock()
        self._records: OrderedDict[str, Evidence] = OrderedDict()
        self._borrowers: dict[str, str] = {}
        self._capacity = capacity

    def begin(self, kind: str, resource: str, *, parent: str | None = None, **fields: Any) -> Evidence:
        """Begin a record, linked to `parent` or to the cause in force, whose execution it inherits."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of evidence {kind!r}, known are {', '.join(KINDS)}")
        with self._lock:
            record = Evidence(
                id=f"ev-{uuid.uuid4().hex[:16]}", kind=kind, resource=resource, started_at=_now(), **fields
            )
            record.parent = parent or current_cause()
            cause = self._records.get(record.parent or "")
            if cause:
                cause.children.append(record.id)
                record.execution = record.execution or cause.execution
                record.state = record.state or cause.state
            self._records[record.id] = record
            self._evict()
            return record

    def update(self, evidence_id: str, *, detail: dict[str, Any] | None = None, **fields: Any) -> None:
        with self._lock:
            record = self._records.get(evidence_id)
            if record is None:
                return
            for name, value in fields.items():
                setattr(record, name, value)
            record.detail.update(detail or {})

    def succeed(self, evidence_id: str, *, detail: dict[str, Any] | None = None, **fields: Any) -> None:
        self.update(evidence_id, detail=detail, status="succeeded", ended_at=_now(), **fields)

    def fail(self, evidence_id: str, reason: str, *, detail: dict[str, Any] | None = None, **fields: Any) -> None:
        self.update(
            evidence_id, detail={"reason": reason[:2000], **(detail or {})}, status="failed", ended_at=_now(), **fields
        )

    def link(self, parent: str | None, child: str) -> None:
        """Link work that was running before to the record that used it, such as an endpoint's server."""
        with self._lock:
            record = self._records.get(parent or "")
            if record and child not in record.children:
                record.children.append(child)

    def lend_credentials(self, access_key_id: str, evidence_id: str | None) -> None:
        """Attribute requests signed with this key to a record; `None` ends that."""
        with self._lock:
            if evidence_id is None:
                self._borrowers.pop(access_key_id, None)
            else:
                self._borrowers[access_key_id] = evidence_id

    def borrower(self, access_key_id: str) -> str | None:
        with self._lock:
            return self._borrowers.get(access_key_id)

    def get(self, evidence_id: str) -> Evidence | None:
        with self._lock:
            return self._records.get(evidence_id)

    def fidelity(self, evidence_id: str) -> Fidelity:
        """Return the weakest fidelity of the record and of everything it caused.

        A Step Functions call does no work itself: its fidelity is that of what it caused, and `emulated` if that is
        nothing.
        """
        with self._lock:
            return self._fidelity(evidence_id, set())

    def _fidelity(self, evidence_id: str, seen: set[str]) -> Fidelity:
        record = self._records.get(evidence_id)
        if record is None:
            return "not-run"
        seen.add(evidence_id)
        below = [
            self._fidelity(child, seen)
            for child in record.children
            # Notifications about the work, and faults injected into it, do not make the work less real.
            if child in self._records and child not in seen and self._records[child].kind not in NO_WORK
        ]
        if record.kind == "states-call":
            return weakest(*below) if below else "emulated"
        return weakest(record.own_fidelity(), *below)

    def query(
        self, *, execution: str | None = None, kind: str | None = None, resource: str | None = None
    ) -> list[dict[str, Any]]:
        """Return matching records, oldest first, as the HTTP interface shows them."""
        filters = {"execution": execution, "kind": kind, "resource": resource}
        filters = {name: value for name, value in filters.items() if value}
        with self._lock:
            return [
                self._as_dict(record)
                for record in self._records.values()
                if all(getattr(record, name) == value for name, value in filters.items())
            ]

    def as_dict(self, evidence_id: str) -> dict[str, Any] | None:
        with self._lock:
            record = self._records.get(evidence_id)
            return self._as_dict(record) if record else None

    def headers(self, evidence_id: str) -> dict[str, str]:
        """Return the response headers that state how real the answer is."""
        return {"x-emulator-fidelity": self.fidelity(evidence_id), "x-emulator-evidence": evidence_id}

    def _as_dict(self, record: Evidence) -> dict[str, Any]:
        return {
            "id": record.id,
            "kind": record.kind,
            "resource": record.resource,
            "execution": record.execution,
            "state": record.state,
            "parent": record.parent,
            "pid": record.pid,
            "exit_code": record.exit_code,
            "artifact_sha256": record.artifact_sha256,
            "status": record.status,
            "fidelity": self._fidelity(record.id, set()),
            "started_at": record.started_at,
            "ended_at": record.ended_at,
            "detail": {**record.detail, **({"stand_in": record.stand_in} if record.stand_in else {})},
        }

    def _evict(self) -> None:
        while len(self._records) > self._capacity:
            oldest = next((key for key, record in self._records.items() if record.status != "running"), None)
            if oldest is None:
                return
            del self._records[oldest]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def describe_exit(exit_code: int) -> str:
    """Format an exit code: `exit code 1`, or `killed by signal 9`."""
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"


STORE = EvidenceStore()
"""The store of this process."""

__all__ = ["KINDS", "STORE", "Evidence", "EvidenceStore", "caused_by", "current_cause", "describe_exit"]
