"""Results of smoke probes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.core.types import Fidelity


@dataclass(frozen=True)
class ProbeResult:
    probe: str
    blueprint: str
    method: str
    source: str
    status: Literal["ok", "failed", "skipped"]
    latency_ms: float
    fidelity: Fidelity
    detail: str
    proven_at: str | None = None
    """When the costly part of it ran, if that was in an earlier deployment and nothing has changed since."""


@dataclass(frozen=True)
class Proven:
    """What a probe saw in an earlier deployment of the very same things."""

    at: str
    fidelity: Fidelity
    detail: str
