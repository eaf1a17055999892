"""The SageMaker endpoint, asked without the API in between."""

from __future__ import annotations

import json

from orchestrator.config.models import Blueprint
from orchestrator.smoke import answers
from orchestrator.smoke.base import Observation, Target, Verdict, headers_of


class EndpointDirect:
    name = "endpoint-direct"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.model.source == "sagemaker" and blueprint.kind == "realtime"

    def check(self, target: Target) -> Verdict:
        endpoint = target.published("endpoint_name")
        seen = Observation(target)
        said = []
        try:
            for case in target.blueprint.smoke.golden:
                answers.expect(case, "sagemaker")
                document = answers.json_object(self._invoke(seen, endpoint, case.input))
                said.append(answers.judge(case, "sagemaker", document.get("outputs")))
                if not isinstance(document.get("model"), dict):
                    raise answers.WrongAnswer("the answer does not say which `model` gave it")
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(said))

    def _invoke(self, seen: Observation, endpoint: str, text: str) -> bytes:
        client = seen.target.cloud.client("sagemaker-runtime")
        with seen.asking(f"invoke the endpoint {endpoint}"):
            response = client.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps({"inputs": [text]}).encode(),
            )
            content = bytes(response["Body"].read())
        seen.saw(headers_of(response))
        return content
