"""Probe the Bedrock model through the blueprint's own inference profile."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.config.model.platform import Blueprint
from orchestrator.config.rules import options
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
        ask = self._embed if options.embeds(target.blueprint) else self._converse
        details = []
        try:
            for case in target.blueprint.smoke.golden:
                output = ask(seen, profile, str(case.input))
                details.append(answers.judge(case, [output], target.repo))
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
        if not response.get("usage", {}).get("outputTokens"):
            raise answers.WrongAnswer("the answer has no number of output tokens")
        content = response.get("output", {}).get("message", {}).get("content", [])
        return {"text": "".join(block["text"] for block in content if "text" in block)}

    def _embed(self, seen: Observation, profile: str, text: str) -> dict[str, Any]:
        """Call InvokeModel with the body of Titan or Cohere, and return the vector."""
        blueprint = seen.target.blueprint
        cohere = "cohere." in getattr(blueprint.model, "model_id", "")
        body = {"texts": [text], "input_type": "search_document"} if cohere else {"inputText": text}
        with seen.timed(f"invoke {profile}"):
            response = seen.target.cloud.client("bedrock-runtime").invoke_model(
                modelId=profile, contentType="application/json", body=json.dumps({**body, **blueprint.parameters})
            )
            answer = answers.json_object(bytes(response["body"].read()))
        seen.saw(headers_of(response))
        if not cohere:
            return {"embedding": answer.get("embedding")}
        vectors = answer.get("embeddings")
        vectors = vectors.get("float") if isinstance(vectors, dict) else vectors
        return {"embedding": vectors[0] if isinstance(vectors, list) and vectors else None}
