"""What probes share: their form, the thing they look at, and how they tell what they saw."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    """What a probe saw."""

    latency_ms: float
    fidelity: Fidelity
    detail: str
    proven_at: str | None = None
    """Time of the earlier deployment that a part of this rests on."""


class ProbeFailed(PlatformError):
    """The deployed thing does not do what it should; `verdict` holds what was seen all the same."""

    def __init__(self, detail: str, *, latency_ms: float = 0.0, fidelity: Fidelity = "not-run") -> None:
        super().__init__(detail)
        self.verdict = Verdict(latency_ms, fidelity, detail)


class Probe(Protocol):
    """One way of asking one blueprint."""

    name: str

    def applies(self, blueprint: Blueprint) -> bool: ...

    def check(self, target: Target) -> Verdict:
        """Raises `ProbeFailed`, or another `PlatformError` when the question could not even be put."""
        ...


@dataclass(frozen=True)
class Target:
    """One deployed blueprint."""

    cloud: Cloud
    blueprint: Blueprint
    outputs: Mapping[str, Json]
    proven: Mapping[str, Proven] = field(default_factory=dict)
    """By probe, what need not be asked again."""

    def published(self, name: str) -> str:
        """A value that the blueprint's own stack publishes."""
        return self.output(f"blueprint-{self.blueprint.name}", name)

    def output(self, stack: str, *path: str) -> str:
        """A published text, e.g. `output("inference", "api", "rest_api_id")`."""
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
    """Latency and fidelity over all questions of one probe: the slowest answer, the weakest link."""

    target: Target
    latency_ms: float = 0.0
    fidelities: list[Fidelity] = field(default_factory=list)

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Time one question, and explain what AWS raises as a failed probe."""
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
        """Take the fidelity from the headers of an answer; AWS sends none, and everything there is real."""
        if self.target.cloud.endpoint is None:
            self.fidelities.append("executed")
            return
        told = [known for name in FIDELITY_HEADERS for known in FIDELITY_ORDER if headers.get(name) == known]
        # An answer that says nothing about itself vouches for no work behind it.
        self.fidelities.append(weakest(*told) if told else "emulated")

    @property
    def fidelity(self) -> Fidelity:
        return weakest(*self.fidelities) if self.fidelities else "not-run"

    def failed(self, detail: str) -> ProbeFailed:
        return ProbeFailed(detail, latency_ms=self.latency_ms, fidelity=self.fidelity)

    def within(self, limit_ms: float, detail: str) -> Verdict:
        """The verdict, if the slowest answer was fast enough."""
        if self.latency_ms > limit_ms:
            raise self.failed(f"the slowest answer took {self.latency_ms:.0f} ms, allowed are {limit_ms:.0f} ms")
        return Verdict(self.latency_ms, self.fidelity, detail)


def headers_of(response: Mapping[str, Any]) -> dict[str, str]:
    """HTTP headers of a boto3 answer."""
    return dict(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))


def _since(started: float) -> float:
    return (time.monotonic() - started) * 1000
