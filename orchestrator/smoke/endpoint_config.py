"""Does the endpoint run what its specification and its version make?

SageMaker rolls a failed update back in silence, and Terraform counts it as a success: the configuration that
is live tells. Its name is its content, so what it should be called is known without looking into it.
"""

from __future__ import annotations

from orchestrator.config.model.platform import Blueprint
from orchestrator.planning.values import is_released
from orchestrator.release import standing
from orchestrator.smoke.base import Observation, Target, Verdict, headers_of


class EndpointConfig:
    name = "endpoint-config"

    def applies(self, blueprint: Blueprint) -> bool:
        return is_released(blueprint) and blueprint.kind != "batch"

    def check(self, target: Target) -> Verdict:
        parameter = target.published("release_parameter_name")
        seen = Observation(target)
        with seen.asking(f"compare the endpoint with {parameter}"):
            found = standing(target.cloud, parameter)
        seen.saw(headers_of(found.answer))
        if found.difference:
            raise seen.failed(found.difference)
        return seen.within(float("inf"), found.running)
