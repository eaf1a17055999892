"""The API must hold a caller to the limits of his key, and say when to come back.

The key `smoke` is there for this: one request a second, and no blueprint. What is asked is the list of models,
which no model answers, so that hitting the limit costs nothing worth counting.
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
                    raise seen.failed("a 429 must say when to come back (Retry-After)")
                return seen.within(seen.target.blueprint.smoke.max_latency_ms, f"429 at request {number}")
            if status == 429:
                other = content  # AWS may throttle what the API asks of it: that is no limit of the key's
            elif status != 200:
                raise seen.failed(
                    f"the key {KEY} must be let in or told to wait, got {status}: {answers.shown(content)}"
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
