"""
metadata:
  id: MLOPS_S3_1
  name: KMS encryption of a bucket names a key of the platform and uses bucket keys
  category: ENCRYPTION
  severity: HIGH
  risk: >
    Without a key id S3 uses the AWS managed key, whose policy cannot be restricted and which cannot be shared with
    another account; without bucket keys every object costs a KMS request. With AES256, which access logs require,
    the key is not checked.
  repair: >
    sse_algorithm = "aws:kms", kms_master_key_id = var.kms_key_arn, and bucket_key_enabled = true in the same rule
"""

from typing import Any

from rulekit import PlatformRule, blocks, is_true, values


class BucketKey(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        self.evaluated_keys = ["rule"]  # the gate asks a plan whether a part of it is known after apply
        return all(_is_right(rule) for rule in blocks(block, "rule"))


def _is_right(rule: dict[str, Any]) -> bool:
    key = values(rule, "apply_server_side_encryption_by_default.kms_master_key_id")
    if values(rule, "apply_server_side_encryption_by_default.sse_algorithm") == ["AES256"]:
        return not key
    own = bool(key) and not any("alias/aws/" in str(value) for value in key)
    return own and any(is_true(value) for value in values(rule, "bucket_key_enabled"))


check = BucketKey(__doc__, ["aws_s3_bucket_server_side_encryption_configuration"])
