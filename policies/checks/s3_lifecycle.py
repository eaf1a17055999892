"""
metadata:
  id: MLOPS_S3_4
  name: Lifecycle rules are in force, and old versions and broken uploads expire
  category: GENERAL_SECURITY
  severity: MEDIUM
  risk: >
    The bucket keeps every version: objects deleted by a rule or a person stay readable and billed until their old
    versions expire. A disabled rule deletes nothing but looks as if it did.
  repair: >
    status = "Enabled" in every rule, and one rule over the whole bucket with noncurrent_version_expiration
    and abort_incomplete_multipart_upload
"""

from typing import Any

from rulekit import PlatformRule, blocks, is_known, values


class LifecycleInForce(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        rules = blocks(block, "rule")
        states = [str(state) for rule in rules for state in values(rule, "status")]
        if any(is_known(state) and state != "Enabled" for state in states):
            return False
        return any(_tidies_everything(rule) for rule in rules)


def _tidies_everything(rule: dict[str, Any]) -> bool:
    everything = not values(rule, "filter.prefix") and not values(rule, "filter.and") and not values(rule, "filter.tag")
    return (
        everything
        and bool(blocks(rule, "noncurrent_version_expiration"))
        and bool(blocks(rule, "abort_incomplete_multipart_upload"))
    )


check = LifecycleInForce(__doc__, ["aws_s3_bucket_lifecycle_configuration"])
