"""Probe that the API enforces the limits of a key, and says when to retry.

The key `smoke` exists for this: one request a second, and no blueprint. The requests list the models, which calls no
model, so that reaching the limit costs almost nothing.
"""

from __future__ import annotations

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict
from orchestrator.smoke.gateway import Gateway, api_key

KEY = "smoke"
MOST_REQUESTS = 20
"""AWS counts approximately: a few requests beyond the limit may pass."""


class ApiThrottled:
    name = "api-throttled"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        key = api_key(target, seen, KEY)
        seen.latency_ms = 0.0
        gateway = Gateway(seen)
        other = b""
        for number in range(1, MOST_REQUESTS + 1):
            status, headers, content = gateway.models(key=key)
            if status == 429 and self._names_it(seen, content):
                if not headers.get("retry-after", "").isdigit():
                    raise seen.failed("a 429 must say when to retry (Retry-After)")
                return seen.within(seen.target.blueprint.smoke.max_latency_ms, f"429 at request {number}")
            if status == 429:
                other = content  # AWS may throttle the API's own calls: that is not the key's limit
            elif status != 200:
                raise seen.failed(
                    f"the key {KEY} must be accepted or throttled, got {status}: {answers.shown(content)}"
                )
        if other:
            raise seen.failed(f"a 429 must name the `error.type` Throttled, got {answers.shown(other)}")
        raise seen.failed(f"{MOST_REQUESTS} requests with a key for one a second, and none was answered 429")

    def _names_it(self, seen: Observation, content: bytes) -> bool:
        try:
            error = answers.json_object(content).get("error")
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return isinstance(error, dict) and error.get("type") == "Throttled"
