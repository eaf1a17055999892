"""
metadata:
  id: MLOPS_NETWORK_3
  name: Workloads in the VPC name their subnets and security groups
  category: NETWORKING
  severity: MEDIUM
  risk: >
    Without its own group a function or a model uses the default group, or none: what it may reach is then
    accidental, and no rule of the network covers it.
  repair: >
    vpc_config { subnet_ids = ... security_group_ids = ... } with at least one of each
"""

from typing import Any

from rulekit import PlatformRule, blocks, values

SUBNETS = {"aws_lambda_function": "subnet_ids", "aws_sagemaker_model": "subnets"}


class Placed(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        placements = blocks(block, "vpc_config")
        return all(values(each, SUBNETS[kind]) and values(each, "security_group_ids") for each in placements)


check = Placed(__doc__, list(SUBNETS))
