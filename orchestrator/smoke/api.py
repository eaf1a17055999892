"""The whole way: API key, API Gateway, router, model."""

from __future__ import annotations

from typing import Any

from orchestrator.config.models import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict
from orchestrator.smoke.gateway import Gateway, api_key


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
        said = []
        try:
            for case in target.blueprint.smoke.golden:
                answers.expect(case, source)
                status, headers, content = gateway.post({"inputs": [case.input]}, key=key)
                if status != 200:
                    raise answers.WrongAnswer(f"{gateway.url} answered {status}: {answers.shown(content)}")
                document = answers.json_object(content)
                _check_envelope(document, headers, target.blueprint)
                said.append(answers.judge(case, source, document.get("outputs")))
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(said))


def _check_envelope(document: dict[str, Any], headers: dict[str, str], blueprint: Blueprint) -> None:
    """Everything around the outputs, which is the same for every source."""
    wanted = {"blueprint": blueprint.name, "source": blueprint.model.source}
    for name, value in wanted.items():
        if document.get(name) != value:
            raise answers.WrongAnswer(f"`{name}` must be {value}, got {answers.shown(document.get(name))}")
    for name in ("request_id", "model"):
        if not document.get(name):
            raise answers.WrongAnswer(f"the answer has no `{name}`: {answers.shown(document)}")
    for name in ("x-request-id", "x-route-decision"):
        if not headers.get(name):
            raise answers.WrongAnswer(f"the answer has no header {name}")
