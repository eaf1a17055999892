"""Collect what happens to one request, so that failures report as much as successes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference_common.requests import InferenceRequest
from inference_routing.dispatch import Outcome, Reply
from inference_routing.routes import Route

if TYPE_CHECKING:
    from inference_routing.shadow import Comparison


@dataclass
class RequestContext:
    request_id: str
    blueprint: str = ""
    principal: str | None = None
    route: Route | None = None
    stale: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    verdicts: list[str] = field(default_factory=list)
    """What the guardrail did."""
    comparison: Comparison | None = None
    request: InferenceRequest | None = None
    reply: Reply | None = None

    def headers(self) -> dict[str, str]:
        """Return the response headers; absent ones did not apply."""
        optional = {
            "x-route-reason": self.outcome.reason if self.outcome.reason != "none" else None,
            "x-route-record": "stale" if self.stale else None,
            "x-guardrail": ",".join(self.verdicts) or None,
            "x-fidelity": self.reply.fidelity if self.reply else None,
        }
        labels = {"x-request-id": self.request_id, "x-route-decision": self.outcome.route_decision}
        return labels | {name: value for name, value in optional.items() if value}
