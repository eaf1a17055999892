"""Probe the whole path: API key, API Gateway, router, model."""

from __future__ import annotations

from typing import Any

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict
from orchestrator.smoke.gateway import Gateway, api_key

OWN = "primary"
"""The router's name for a blueprint's own model."""


class Api:
    name = "api"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        seen = Observation(target)
        key = api_key(target, seen)
        seen.latency_ms = 0.0  # of the inference, not of reading the key
        gateway = Gateway(seen)
        source = target.blueprint.model.source
        details = []
        try:
            for case in target.blueprint.smoke.golden:
                status, headers, content = gateway.post({"inputs": [case.input]}, key=key)
                if status != 200:
                    raise answers.WrongAnswer(f"{gateway.url} answered {status}: {answers.shown(content)}")
                document = answers.json_object(content)
                _check_envelope(document, headers, target.blueprint)
                answered_by = _answered_by(headers["x-route-decision"], target.blueprint)
                if answered_by != OWN:
                    details.append(f"answered by {answered_by}, which has a share")
                    continue
                if document.get("source") != source:
                    raise answers.WrongAnswer(f"`source` must be {source}, got {answers.shown(document.get('source'))}")
                details.append(answers.judge(case, document.get("outputs"), target.repo))
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(details))


def _check_envelope(document: dict[str, Any], headers: dict[str, str], blueprint: Blueprint) -> None:
    """Check the fields around the outputs, which are the same for every source."""
    if document.get("blueprint") != blueprint.name:
        raise answers.WrongAnswer(
            f"`blueprint` must be {blueprint.name}, got {answers.shown(document.get('blueprint'))}"
        )
    for name in ("request_id", "model"):
        if not document.get(name):
            raise answers.WrongAnswer(f"the answer has no `{name}`: {answers.shown(document)}")
    for name in ("x-request-id", "x-route-decision"):
        if not headers.get(name):
            raise answers.WrongAnswer(f"the answer has no header {name}")


def _answered_by(decision: str, blueprint: Blueprint) -> str:
    """Return the model that answered, which must not be a fallback: that would hide that the own model is down."""
    name = decision.partition(";")[0]
    if name != OWN and (name not in blueprint.routing.share_percent or "after=" in decision):
        raise answers.WrongAnswer(f"the blueprint's own model did not answer: x-route-decision is `{decision}`")
    return name
