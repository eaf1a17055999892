"""Probe the Bedrock model through the blueprint's own inference profile."""

from __future__ import annotations

from typing import Any

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict, headers_of

_CONVERSE = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}
"""A blueprint's request parameters, and their names in the Converse API."""


class BedrockDirect:
    name = "bedrock-direct"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.model.source == "bedrock" and blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        profile = target.published("inference_profile_arn")
        seen = Observation(target)
        details = []
        try:
            for case in target.blueprint.smoke.golden:
                answers.expect(case, "bedrock")
                response = self._converse(seen, profile, case.input)
                details.append(answers.judge(case, "bedrock", [{"text": _text(response)}]))
                if not response.get("usage", {}).get("outputTokens"):
                    raise answers.WrongAnswer("the answer has no number of output tokens")
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(details))

    def _converse(self, seen: Observation, profile: str, text: str) -> dict[str, Any]:
        given = seen.target.blueprint.parameters
        settings = {_CONVERSE[name]: value for name, value in given.items() if name in _CONVERSE}
        client = seen.target.cloud.client("bedrock-runtime")
        with seen.timed(f"converse with {profile}"):
            response = client.converse(
                modelId=profile,
                messages=[{"role": "user", "content": [{"text": text}]}],
                inferenceConfig=settings,
            )
        seen.saw(headers_of(response))
        return dict(response)


def _text(response: dict[str, Any]) -> str:
    content = response.get("output", {}).get("message", {}).get("content", [])
    return "".join(block["text"] for block in content if "text" in block)
