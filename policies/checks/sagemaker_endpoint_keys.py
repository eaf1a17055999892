"""
metadata:
  id: MLOPS_SAGEMAKER_3
  name: Endpoints encrypt their volumes and captured data with keys of the platform
  category: ENCRYPTION
  severity: HIGH
  risk: >
    Captured requests are customers' texts, and the volume of an instance contains the model and everything that it
    writes. Without a key of the platform, all principals with access to the bucket or a snapshot can read them.
  repair: >
    kms_key_arn = ... (instances with NVMe disks and serverless variants take none) and data_capture_config
    { kms_key_id = ... }
"""

import re
from typing import Any

from rulekit import PlatformRule, all_of, blocks, is_known, values

# SageMaker rejects a volume key for instances whose local disks encrypt themselves.
LOCAL_DISK = re.compile(r"^ml\.([a-z]+[0-9]+[a-z]*d[a-z]*|g4dn|g5|g6e?|p4de?|p5(en?)?|trn[12]n?)\.")


class EndpointKeys(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        captures = blocks(block, "data_capture_config")
        return all_of(_volume(block), *(_own_key(values(capture, "kms_key_id")) for capture in captures))


def _volume(block: dict[str, Any]) -> bool | None:
    verdict = _own_key(values(block, "kms_key_arn"))
    if verdict is not False:
        return verdict
    variants = blocks(block, "production_variants") + blocks(block, "shadow_production_variants")
    types = [str(name) for variant in variants for name in values(variant, "instance_type")]
    if not types:
        return bool(variants) and all(blocks(variant, "serverless_config") for variant in variants)
    if all(is_known(name) for name in types):
        return all(LOCAL_DISK.match(name) for name in types)
    return False


def _own_key(given: list[Any]) -> bool:
    return bool(given) and not any("alias/aws/" in str(value) for value in given)


check = EndpointKeys(__doc__, ["aws_sagemaker_endpoint_configuration"])
