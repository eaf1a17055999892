"""
metadata:
  id: MLOPS_SAGEMAKER_1
  name: SageMaker models run in the VPC, without internet access
  category: NETWORKING
  severity: HIGH
  risk: >
    A model that contains a pickle or a script is untrusted code. With network isolation it cannot connect anywhere,
    and inside the VPC our security groups decide what its host may reach. Models that only serverless
    configurations use are exempt: AWS offers neither there.
  repair: >
    vpc_config { subnets = ... security_group_ids = ... } and enable_network_isolation = true
"""

from typing import Any

from rulekit import PlatformRule, address, all_of, blocks, is_known, is_true, same, values


class ModelInVpc(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        isolated = values(block, "enable_network_isolation")
        verdict = all_of(bool(blocks(block, "vpc_config")), _holds(isolated))
        return True if verdict is False and self._only_serverless(block) else verdict

    def _only_serverless(self, model: dict[str, Any]) -> bool:
        variants = [
            variant
            for configuration in self.others("aws_sagemaker_endpoint_configuration")
            for variant in blocks(configuration, "production_variants")
            if any(_names(name, model) for name in values(variant, "model_name"))
        ]
        return bool(variants) and all(blocks(variant, "serverless_config") for variant in variants)


def _names(reference: Any, model: dict[str, Any]) -> bool:
    return any(same(reference, name) for name in [f"{address(model)}.name", *values(model, "name")])


def _holds(given: list[Any]) -> bool | None:
    if given and not is_known(given[0]):
        return None
    return bool(given) and is_true(given[0])


check = ModelInVpc(__doc__, ["aws_sagemaker_model"])
