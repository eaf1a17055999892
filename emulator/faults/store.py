"""Store of the faults that clients arm: which calls they hit, and how often.

A fault is armed over HTTP (`POST /_emulator/faults`) for calls that it names by service, action and resource. It
ends by itself, after so many hits or so many seconds. Every hit is a line of the log and a record of evidence, so
that an injected failure is never taken for a real one. `emulator.faults.middleware` injects the kinds of `WIRE`; any
other kind is injected by the code that calls `STORE.hits` for it.
"""

from __future__ import annotations

import math
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from emulator.core.evidence import STORE as EVIDENCE
from emulator.core.evidence import caused_by
from emulator.faults.flaky import ERRORS, Draw

FLAKY, API = "flaky", "execute-api"
WIRE = {
    "throttle": "returns the service's error for too many requests, such as ThrottlingException",
    "server-error": "returns 500 with the service's internal error, such as InternalFailure; nothing is carried out",
    FLAKY: "a share `rate` of the calls, drawn from `seed`, gets `throttle` or `server-error`; service `*` is all",
    "quota-zero": "rejected because the account's quota is 0",
    "access-denied": "rejected with AccessDenied, as for a Bedrock model without access",
    "slow": "carried out after `delay_seconds`",
    "drop-connection": "the connection is closed without a response; nothing is carried out",
    "malformed": "returns 200 with an unreadable body; nothing is carried out",
}
"""Kinds that are injected between a client and any service."""
OF_SERVICES = {
    "endpoint-update-rolls-back": "SageMaker's UpdateEndpoint is accepted, then rolled back to the old configuration",
    "container-error": "the model's container answers 500 to a request of InvokeEndpointAsync or CreateTransformJob",
    "worker-dies": "the model's process is killed while it has a request of InvokeEndpointAsync or CreateTransformJob",
    "job-fails": "CreateTransformJob and CreateModelInvocationJob are accepted, and the job ends as Failed",
    "job-partly-completes": "a job of CreateModelInvocationJob runs out of time after half of its records",
    "record-error": "the model of a job of CreateModelInvocationJob fails on a record, which gets an error",
}
"""Kinds that the service itself injects."""
KINDS = WIRE | OF_SERVICES

MOST_HITS, MOST_SECONDS, MOST_ARMED, MOST_DELAY = 10_000, 3600.0, 50, 60.0
REMEMBERED = 100


class BadFault(Exception):
    """A description of a fault that breaks a rule; the message states rule and value."""


@dataclass
class Fault:
    """One armed fault. `seen` counts the calls it was about, `fired` those that it hit."""

    kind: str
    service: str
    action: str = "*"
    resource: str = "*"
    count: int | None = None
    seconds: float | None = None
    every: int = 1
    share: float = 1.0
    delay_seconds: float = 0.0
    rate: float | None = None
    seed: int = 0
    errors: tuple[str, ...] = ERRORS
    id: str = field(default_factory=lambda: f"fault-{uuid.uuid4().hex[:8]}")
    seen: int = 0
    fired: int = 0
    armed_at: float = 0.0

    def __post_init__(self) -> None:
        self._draw = Draw(self.rate or 0.0, self.seed, self.errors)

    def over(self, now: float) -> bool:
        used_up = self.count is not None and self.fired >= self.count
        return used_up or (self.seconds is not None and now >= self.armed_at + self.seconds)

    def about(self, service: str, action: str, names: Iterable[str]) -> bool:
        # A deployed API is not an AWS service.
        every = self.service == "*" and service not in ("", API)
        if not (every or self.service == service) or not fnmatchcase(action, self.action):
            return False
        return self.resource == "*" or any(fnmatchcase(name, self.resource) for name in names)

    def hit(self, service: str, action: str, names: Iterable[str]) -> Fault | None:
        """Count a matching call; return the fault that hits it: this one, or one of the kinds that `flaky` draws."""
        self.seen += 1
        kind = self._draw.next(service, action, names) if self.kind == FLAKY else self.kind if self._due() else None
        if kind is None:
            return None
        self.fired += 1
        return self if kind == self.kind else replace(self, kind=kind)

    def _due(self) -> bool:
        """Return whether it hits the latest call of `seen`: every nth, or an even share."""
        if self.every > 1:
            return self.seen % self.every == 0
        return math.floor(self.seen * self.share + 1e-9) > math.floor((self.seen - 1) * self.share + 1e-9)

    def document(self, now: float) -> dict[str, Any]:
        flaky = ("rate", "seed", "errors") if self.kind == FLAKY else ()
        names = ("id", "kind", "service", "action", "resource", "count", "seconds", "every", "share", "delay_seconds")
        shown = {name: getattr(self, name) for name in (*names, *flaky)}
        return {**shown, "seen": self.seen, "fired": self.fired, "over": self.over(now)}


class FaultStore:
    """The armed faults. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def arm(self, document: Any) -> dict[str, Any]:
        """Arm a fault. Raises `BadFault`."""
        fault = read(document)
        with self._lock:
            now = self._clock()
            if sum(not each.over(now) for each in self._faults) >= MOST_ARMED:
                raise BadFault(f"at most {MOST_ARMED} faults may be armed at a time")
            fault.armed_at = now
            self._faults = [*self._faults[-REMEMBERED + 1 :], fault]
            return fault.document(now)

    def listed(self) -> list[dict[str, Any]]:
        """Armed faults and those that are over, oldest first."""
        with self._lock:
            now = self._clock()
            return [fault.document(now) for fault in self._faults]

    def disarm(self, fault_id: str | None = None) -> list[str]:
        """Remove one fault, or all; return the removed ids."""
        with self._lock:
            gone = [fault.id for fault in self._faults if fault_id in (None, fault.id)]
            self._faults = [fault for fault in self._faults if fault.id not in gone]
            return gone

    def armed(self) -> bool:
        """Return whether any fault may hit a request."""
        now = self._clock()
        return any(not fault.over(now) for fault in self._faults)

    def hits(self, service: str, action: str, names: Iterable[str], kinds: Iterable[str] = tuple(WIRE)) -> list[Fault]:
        """Count this call and return the faults that hit it. Delays add up; of the others the first one hits."""
        hits: list[Fault] = []
        named, kinds = list(names), tuple(kinds)
        with self._lock:
            now = self._clock()
            for fault in self._faults:
                if fault.kind not in kinds or fault.over(now) or not fault.about(service, action, named):
                    continue
                hit = fault.hit(service, action, named)
                if hit:
                    hits.append(hit)
                    if hit.kind != "slow":
                        break
        return hits


KNOWN = ("kind", "service", "action", "resource", "count", "seconds", "every", "share", "delay_seconds")
OF_FLAKY = ("rate", "seed", "errors")
NUMBERS: tuple[tuple[str, type, float, float], ...] = (
    ("count", int, 1, MOST_HITS),
    ("seconds", float, 0, MOST_SECONDS),
    ("every", int, 1, MOST_HITS),
    ("share", float, 0, 1),
    ("delay_seconds", float, 0, MOST_DELAY),
    ("rate", float, 0, 1),
    ("seed", int, 0, 2**32),
)


def read(document: Any) -> Fault:
    """Read a fault from its description. Raises `BadFault`."""
    if not isinstance(document, Mapping):
        raise BadFault("a fault is described by a JSON object")
    unknown = sorted(set(document) - {*KNOWN, *OF_FLAKY})
    if unknown:
        raise BadFault(f"unknown member `{unknown[0]}`, known are {', '.join((*KNOWN, *OF_FLAKY))}")
    kind = document.get("kind")
    if kind not in KINDS:
        raise BadFault(f"`kind` must be one of {', '.join(KINDS)}, got {kind!r}")
    _check_calls(document, flaky=kind == FLAKY)
    if "count" not in document and "seconds" not in document:
        raise BadFault("a fault must end by itself: give `count`, `seconds` or both")
    if "every" in document and "share" in document:
        raise BadFault("`every` and `share` exclude each other")
    for name, of, low, high in NUMBERS:
        if name in document:
            _check_number(name, document[name], of, low, high)
    if (kind == "slow") != ("delay_seconds" in document):
        raise BadFault("`delay_seconds` is required for `slow`, and for no other kind")
    _check_flaky(document)
    return Fault(**{**document, "errors": tuple(document.get("errors", ERRORS))})


def _check_calls(document: Mapping[str, Any], *, flaky: bool) -> None:
    for name in ("service", "action", "resource"):
        value = document.get(name, "*")
        every = value == "*" and flaky and "service" in document
        if not isinstance(value, str) or not value or (name == "service" and "*" in value and not every):
            what = ", the name of one service" + " or `*`" * flaky
            raise BadFault(f"`{name}` must be a text{what * (name == 'service')}, got {value!r}")


def _check_flaky(document: Mapping[str, Any]) -> None:
    if document["kind"] != FLAKY:
        given = next((name for name in OF_FLAKY if name in document), None)
        if given:
            raise BadFault(f"`{given}` is for `{FLAKY}` only, got {document[given]!r}")
        return
    if "rate" not in document or {"every", "share"} & set(document):
        raise BadFault(f"`{FLAKY}` must have a `rate`, and neither `every` nor `share`")
    errors = document.get("errors", ERRORS)
    if not isinstance(errors, (list, tuple)) or not errors or any(each not in ERRORS for each in errors):
        raise BadFault(f"`errors` must be a list of some of {', '.join(ERRORS)}, got {errors!r}")


def _check_number(name: str, value: Any, kind: type, low: float, high: float) -> None:
    allowed = int if kind is int else (int, float)
    above = low <= value if kind is int else low < value
    if isinstance(value, bool) or not isinstance(value, allowed) or not above or value > high:
        words = f"a whole number from {low}" if kind is int else f"a number above {low}"
        raise BadFault(f"`{name}` must be {words} to {high:g}, got {value!r}")


def record_hit(fault: Fault, service: str, action: str, name: str, cause: str | None = None) -> str:
    """Record a hit in the log and as evidence; return the record's id."""
    what = f"{service}:{action}{f' {name}' if name else ''}"
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} fault {fault.id} {fault.kind} hit {what}\n")
    sys.stdout.flush()
    with caused_by(cause):
        detail = {"fault": fault.id, "kind": fault.kind, "call": f"{service}:{action}"}
        record = EVIDENCE.begin("fault", name or service, detail=detail)
    EVIDENCE.succeed(record.id)
    return record.id


STORE = FaultStore()
"""The store of this process."""
