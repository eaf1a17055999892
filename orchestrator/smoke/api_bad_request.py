"""The API must refuse a request that is none, in words."""

from __future__ import annotations

from orchestrator.config.models import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict
from orchestrator.smoke.gateway import Gateway, api_key


class ApiBadRequest:
    name = "api-bad-request"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        key = api_key(target, seen)
        seen.latency_ms = 0.0
        status, _, content = Gateway(seen).post({"inputs": []}, key=key)
        if status != 400:
            raise seen.failed(f"a request without inputs must be answered 400, got {status}: {answers.shown(content)}")
        try:
            error = answers.json_object(content).get("error")
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        if not isinstance(error, dict) or not error.get("type") or not error.get("message"):
            raise seen.failed(f"a refusal must name `error.type` and `error.message`, got {answers.shown(content)}")
        return seen.within(target.blueprint.smoke.max_latency_ms, f"400 {error['type']}")
