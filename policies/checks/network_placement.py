"""
metadata:
  id: MLOPS_NETWORK_3
  name: What runs in the VPC names its subnets and security groups
  category: NETWORKING
  severity: MEDIUM
  risk: >
    Without a group of its own a function or a model falls into the default one, or into none: what it may
    reach is then decided by accident, and no rule of the network speaks of it.
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
