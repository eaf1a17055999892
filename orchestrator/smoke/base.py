"""The common parts of probes: protocol, target, observation and verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from orchestrator.aws.client import explained
from orchestrator.aws.model import Cloud
from orchestrator.config.model.platform import Blueprint
from orchestrator.core.types import FIDELITY_ORDER, Fidelity, Json, weakest
from orchestrator.errors import PlatformError
from orchestrator.smoke.model import Proven

FIDELITY_HEADERS = ("x-emulator-fidelity", "x-fidelity")

SYNCHRONOUS = ("realtime", "serverless")
"""Kinds whose callers wait for the answer."""

sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Verdict:
    """The result of a probe."""

    latency_ms: float
    fidelity: Fidelity
    detail: str
    proven_at: str | None = None
    """The time of the earlier deployment that a part of this depends on."""


class ProbeFailed(PlatformError):
    """The blueprint does not respond as it should; `verdict` holds the observation anyway."""

    def __init__(self, detail: str, *, latency_ms: float = 0.0, fidelity: Fidelity = "not-run") -> None:
        super().__init__(detail)
        self.verdict = Verdict(latency_ms, fidelity, detail)


class Probe(Protocol):
    """A check of a deployed blueprint."""

    name: str

    def applies(self, blueprint: Blueprint) -> bool: ...

    def check(self, target: Target) -> Verdict:
        """Check the blueprint. Raises `ProbeFailed`, or another `PlatformError` if no request could be sent."""
        ...


@dataclass(frozen=True)
class Target:
    """A deployed blueprint."""

    cloud: Cloud
    blueprint: Blueprint
    outputs: Mapping[str, Json]
    repo: Path
    """The checkout, which has the files of custom checks."""
    proven: Mapping[str, Proven] = field(default_factory=dict)
    """By probe, the results that need not be repeated."""

    def published(self, name: str) -> str:
        """Return a value that the blueprint's own stack publishes."""
        return self.output(f"blueprint-{self.blueprint.name}", name)

    def output(self, stack: str, *path: str) -> str:
        """Return a published string, e.g. `output("inference", "api", "rest_api_id")`."""
        if stack not in self.outputs:
            raise ProbeFailed(f"the stack {stack} publishes nothing: it is not deployed")
        value: Any = self.outputs[stack]
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if not isinstance(value, str) or not value:
            raise ProbeFailed(f"the stack {stack} publishes no `{'.'.join(path)}`")
        return value


@dataclass
class Observation:
    """Latency and fidelity over all requests of a probe: the slowest response and the weakest fidelity."""

    target: Target
    latency_ms: float = 0.0
    fidelities: list[Fidelity] = field(default_factory=list)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Time a request, and turn AWS's exceptions into a failed probe."""
        started = time.monotonic()
        try:
            with explained(self.target.cloud, what):
                yield
        except ProbeFailed:
            raise
        except PlatformError as error:
            self.latency_ms = max(self.latency_ms, _since(started))
            raise self.failed(error.message) from error
        self.latency_ms = max(self.latency_ms, _since(started))

    def saw(self, headers: Mapping[str, str]) -> None:
        """Record the fidelity in the headers of a response; AWS sends none, and everything there is real."""
        if self.target.cloud.endpoint is None:
            self.fidelities.append("executed")
            return
        reported = [known for name in FIDELITY_HEADERS for known in FIDELITY_ORDER if headers.get(name) == known]
        # A response without these headers proves no real work.
        self.fidelities.append(weakest(*reported) if reported else "emulated")

    @property
    def fidelity(self) -> Fidelity:
        return weakest(*self.fidelities) if self.fidelities else "not-run"

    def failed(self, detail: str) -> ProbeFailed:
        return ProbeFailed(detail, latency_ms=self.latency_ms, fidelity=self.fidelity)

    def within(self, limit_ms: float, detail: str) -> Verdict:
        """Return the verdict if the slowest response was fast enough."""
        if self.latency_ms > limit_ms:
            raise self.failed(f"the slowest answer took {self.latency_ms:.0f} ms, the limit is {limit_ms:.0f} ms")
        return Verdict(self.latency_ms, self.fidelity, detail)


def headers_of(response: Mapping[str, Any]) -> dict[str, str]:
    """Return the HTTP headers of a boto3 response."""
    return dict(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))


def _since(started: float) -> float:
    return (time.monotonic() - started) * 1000
