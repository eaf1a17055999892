"""Does the endpoint run what was deployed?

SageMaker rolls a failed update back in silence, and Terraform counts it as a success: the configuration that
is live tells, compared with the one in the state.
"""

from __future__ import annotations

from orchestrator.config.models import Blueprint
from orchestrator.smoke.base import SYNCHRONOUS, Observation, Target, Verdict, headers_of


class EndpointConfig:
    name = "endpoint-config"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.model.source == "sagemaker" and blueprint.kind in SYNCHRONOUS

    def check(self, target: Target) -> Verdict:
        endpoint = target.published("endpoint_name")
        wanted = target.published("endpoint_config_name")
        seen = Observation(target)
        with seen.asking(f"describe the endpoint {endpoint}"):
            found = target.cloud.client("sagemaker").describe_endpoint(EndpointName=endpoint)
        seen.saw(headers_of(found))
        status, live = found["EndpointStatus"], found["EndpointConfigName"]
        if status != "InService":
            reason = f": {found['FailureReason']}" if found.get("FailureReason") else ""
            raise seen.failed(f"the endpoint {endpoint} is {status}, not InService{reason}")
        if live != wanted:
            raise seen.failed(f"the endpoint {endpoint} runs {live}, the state says {wanted}")
        return seen.within(float("inf"), live)
