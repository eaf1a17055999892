"""Probe the SageMaker endpoint without the API."""

from __future__ import annotations

import json
import time
from typing import Any

from orchestrator.config.model.platform import Blueprint
from orchestrator.smoke import answers, base
from orchestrator.smoke.base import SYNCHRONOUS, Observation, ProbeFailed, Target, Verdict, headers_of

NOT_READY = "ModelNotReadyException"
"""SageMaker's error if a cold start takes longer than a request may."""
COLD_START_SECONDS = 180.0
PAUSE_SECONDS = 5.0


class EndpointDirect:
    name = "endpoint-direct"

    def applies(self, blueprint: Blueprint) -> bool:
        # Containers of other formats are called through the router, which knows their payloads.
        own_format = blueprint.model.source == "sagemaker" and blueprint.format == "inputs"
        return own_format and blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        endpoint = target.published("endpoint_name")
        seen = Observation(target)
        details: list[str] = []
        try:
            if target.blueprint.kind == "serverless":
                details += self._wake(seen, endpoint)
            for case in target.blueprint.smoke.golden:
                content, _ = self._invoke(seen, endpoint, case.input)
                document = answers.json_object(content)
                details.append(answers.judge(case, document.get("outputs"), target.repo))
                if not isinstance(document.get("model"), dict):
                    raise answers.WrongAnswer("the answer has no `model`")
        except answers.WrongAnswer as wrong:
            raise seen.failed(str(wrong)) from wrong
        return seen.within(target.blueprint.smoke.max_latency_ms, ", ".join(details))

    def _wake(self, seen: Observation, endpoint: str) -> list[str]:
        """Repeat the first request to a serverless endpoint until its server has started."""
        given = seen.target.blueprint.smoke.golden[0].input
        started = time.monotonic()
        while True:
            try:
                _, headers = self._invoke(seen, endpoint, given)
                break
            except ProbeFailed as error:
                if NOT_READY not in str(error) or time.monotonic() - started > COLD_START_SECONDS:
                    raise
            base.sleep(PAUSE_SECONDS)
        # Only the requests after the cold start count for the latency.
        seen.latency_ms = 0.0
        emulated = headers.get("x-emulator-cold-start-ms")
        return [f"cold start in {emulated} ms, of this machine and not of AWS"] if emulated else []

    def _invoke(self, seen: Observation, endpoint: str, given: Any) -> tuple[bytes, dict[str, str]]:
        client = seen.target.cloud.client("sagemaker-runtime")
        with seen.timed(f"invoke the endpoint {endpoint}"):
            response = client.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps({"inputs": [given]}).encode(),
                **_selection(seen.target.blueprint),
            )
            content = bytes(response["Body"].read())
        headers = headers_of(response)
        seen.saw(headers)
        return content, headers


def _selection(blueprint: Blueprint) -> dict[str, str]:
    """Return the arguments that select one of several models or containers."""
    if blueprint.multi_model is not None:
        return {"TargetModel": blueprint.multi_model.default}
    if blueprint.containers is not None and blueprint.containers.mode == "direct":
        return {"TargetContainerHostname": blueprint.containers.target}
    return {}
