"""
metadata:
  id: MLOPS_SAGEMAKER_4
  name: Serverless variants use memory and concurrency values that SageMaker offers
  category: GENERAL_SECURITY
  severity: MEDIUM
  risk: >
    Terraform accepts any number, and AWS rejects a wrong one in the middle of a deployment. Without a limit on
    concurrency, or with one above 200, one blueprint can use up the account's quota.
  repair: >
    memory_size_in_mb = 1024 to 6144 in steps of 1024, max_concurrency = 1 to 200, provisioned_concurrency
    <= max_concurrency
"""

from typing import Any

from rulekit import PlatformRule, all_of, blocks, is_known, number, values

MEMORY_MB = tuple(1024 * step for step in range(1, 7))
CONCURRENCY = range(1, 201)


class ServerlessInRange(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        return all_of(*(_in_range(each) for each in blocks(block, "production_variants.serverless_config")))


def _in_range(block: dict[str, Any]) -> bool | None:
    memory, most = (values(block, name)[:1] for name in ("memory_size_in_mb", "max_concurrency"))
    kept_warm = values(block, "provisioned_concurrency")
    if not memory or not most:
        return False
    given = (*memory, *most, *kept_warm)
    # For an attribute of a frozen input (terraform_data) checkov renders the whole object: the plan has the number.
    if not all(is_known(value) and not isinstance(value, dict) for value in given):
        return None
    limit = number(most[0])
    return (
        number(memory[0]) in MEMORY_MB
        and limit in CONCURRENCY
        # After the first apply the provider reports 0 without provisioned concurrency.
        and all(0 <= (number(value) or 0) <= (limit or 0) for value in kept_warm)
    )


check = ServerlessInRange(__doc__, ["aws_sagemaker_endpoint_configuration"])
