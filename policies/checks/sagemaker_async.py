"""
metadata:
  id: MLOPS_SAGEMAKER_5
  name: Asynchronous endpoints publish and store failures, encrypted
  category: GENERAL_SECURITY
  severity: HIGH
  risk: >
    The client gets an answer long before the model does. Without an error topic and a failure path a failed request
    leaves no trace: no notification is sent, and the request is lost.
  repair: >
    output_config { s3_failure_path = ... kms_key_id = ... notification_config { error_topic = ...
    success_topic = ... } }
"""

from typing import Any

from rulekit import PlatformRule, blocks, values

NEEDED = ("s3_failure_path", "kms_key_id", "notification_config.error_topic")


class FailuresAreKept(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        configurations = blocks(block, "async_inference_config")
        return all(values(each, f"output_config.{name}") for each in configurations for name in NEEDED)


check = FailuresAreKept(__doc__, ["aws_sagemaker_endpoint_configuration"])
