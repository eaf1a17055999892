"""
metadata:
  id: MLOPS_SAGEMAKER_6
  name: Every endpoint on instances scales automatically, unless its environment fixes its size
  category: GENERAL_SECURITY
  severity: MEDIUM
  risk: >
    A fixed number of instances is either idle at night or too small at peak times, when requests are throttled and
    the on-call engineer can only raise the number.
  repair: >
    aws_appautoscaling_target and aws_appautoscaling_policy on endpoint/<name>/variant/<variant> (blueprint:
    autoscaling); for fixed sizes set inference.fixed_size in the environment's platform.yaml, which gives such
    endpoints the tag endpoint-size = "fixed"
"""

from typing import Any

from endpoints import configurations
from rulekit import PlatformRule, address, bare, blocks, values

FIXED_SIZE = ["fixed"]


class EndpointScales(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if values(block, "tags_all.endpoint-size") == FIXED_SIZE:
            return True
        if self._is_serverless(block):
            return True
        policies = [each for each in self.others("aws_appautoscaling_policy") if _scales(each, block)]
        targets = [each for each in self.others("aws_appautoscaling_target") if _scales(each, block)]
        return bool(policies and targets)

    def _is_serverless(self, endpoint: dict[str, Any]) -> bool:
        return any(
            blocks(configuration, "production_variants.serverless_config")
            for configuration in configurations(self, endpoint)
        )


def _scales(scaling: dict[str, Any], endpoint: dict[str, Any]) -> bool:
    """Match by the endpoint's name in the resource id, or through the target of a policy."""
    resource = "".join(str(value) for value in values(scaling, "resource_id"))
    names = [f"{address(endpoint)}.name", *values(endpoint, "name")]
    return "aws_appautoscaling_target." in resource or any(
        bare(f"endpoint/{name}/") in bare(resource) for name in names
    )


check = EndpointScales(__doc__, ["aws_sagemaker_endpoint"])
