"""Probe that the API refuses a request without a key."""

from __future__ import annotations

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict
from orchestrator.smoke.gateway import Gateway


class ApiNoKey:
    name = "api-no-key"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        given = target.blueprint.smoke.golden[0].input
        status, _, content = Gateway(seen).post({"inputs": [given]}, key=None)
        if status != 401:
            raise seen.failed(f"a request without a key must be answered 401, got {status}: {answers.shown(content)}")
        return seen.within(target.blueprint.smoke.max_latency_ms, "401")
