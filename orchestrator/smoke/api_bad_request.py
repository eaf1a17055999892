"""Probe that the API refuses invalid requests with a message that names the error."""

from __future__ import annotations

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict
from orchestrator.smoke.gateway import Gateway, api_key

WRONG = ("temperature", 9)
"""A value that no model accepts; the router refuses it before it calls one, so this costs no tokens."""


class ApiBadRequest:
    name = "api-bad-request"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        key = api_key(target, seen)
        seen.latency_ms = 0.0
        gateway = Gateway(seen)
        status, _, content = gateway.post({"inputs": []}, key=key)
        no_inputs = _refusal(seen, "a request without inputs", status, content)
        name, value = WRONG
        document = {"messages": [{"role": "user", "content": "x"}], name: value}
        status, _, content = gateway.chat(document, key=key)
        refusal = _refusal(seen, f"a {name} of {value}", status, content)
        if refusal.get("param") != name or name not in refusal["message"]:
            raise seen.failed(f"the refusal of a {name} of {value} must name it, got {answers.shown(content)}")
        return seen.within(target.blueprint.smoke.max_latency_ms, f"400 {no_inputs['type']}, 400 {name}")


def _refusal(seen: Observation, what: str, status: int, content: bytes) -> dict[str, str]:
    """Return the `error` of a response that must be a refusal with a message."""
    if status != 400:
        raise seen.failed(f"{what} must be answered 400, got {status}: {answers.shown(content)}")
    try:
        error = answers.json_object(content).get("error")
    except answers.WrongAnswer as wrong:
        raise seen.failed(str(wrong)) from wrong
    if not isinstance(error, dict) or not error.get("type") or not error.get("message"):
        raise seen.failed(f"a refusal must name `error.type` and `error.message`, got {answers.shown(content)}")
    return error
