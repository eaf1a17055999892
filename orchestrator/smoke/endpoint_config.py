"""Probe that the endpoint runs the configuration that its specification and version require.

SageMaker rolls a failed update back silently, and Terraform counts it as a success: only the live configuration shows
it. Its name is derived from its content, so comparing names is enough.
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
        with seen.timed(f"compare the endpoint with {parameter}"):
            endpoint = standing(target.cloud, parameter)
        seen.saw(headers_of(endpoint.description))
        if endpoint.difference:
            raise seen.failed(endpoint.difference)
        return seen.within(float("inf"), endpoint.running)
