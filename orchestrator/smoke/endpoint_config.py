"""Does the endpoint run what its specification and its version make?

SageMaker rolls a failed update back in silence, and Terraform counts it as a success: the configuration that
is live tells. Its name is its content, so what it should be called is known without looking into it.
"""

from __future__ import annotations

from orchestrator.config.models import Blueprint
from orchestrator.release import standing
from orchestrator.smoke.base import Observation, Target, Verdict, headers_of
from orchestrator.values import is_released


class EndpointConfig:
    name = "endpoint-config"

    def applies(self, blueprint: Blueprint) -> bool:
        return blueprint.model.source == "sagemaker" and blueprint.kind == "realtime"

    def check(self, target: Target) -> Verdict:
        if not is_released(target.blueprint):
            return self._as_launched(target)
        parameter = target.published("release_parameter_name")
        seen = Observation(target)
        with seen.asking(f"compare the endpoint with {parameter}"):
            found = standing(target.cloud, parameter)
        seen.saw(headers_of(found.answer))
        if found.difference:
            raise seen.failed(found.difference)
        return seen.within(float("inf"), found.running)

    def _as_launched(self, target: Target) -> Verdict:
        """An endpoint that no release changes runs what Terraform launched it with."""
        endpoint = target.published("endpoint_name")
        wanted = target.published("endpoint_config_name")
        seen = Observation(target)
        with seen.asking(f"describe the endpoint {endpoint}"):
            found = target.cloud.client("sagemaker").describe_endpoint(EndpointName=endpoint)
        seen.saw(headers_of(found))
        if found["EndpointStatus"] != "InService":
            raise seen.failed(f"the endpoint {endpoint} is {found['EndpointStatus']}, not InService")
        if found["EndpointConfigName"] != wanted:
            raise seen.failed(f"the endpoint {endpoint} runs {found['EndpointConfigName']}, the state says {wanted}")
        return seen.within(float("inf"), wanted)
