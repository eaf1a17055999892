"""
metadata:
  id: MLOPS_S3_3
  name: Every bucket has all its settings, in any stack
  category: GENERAL_SECURITY
  severity: HIGH
  scans: [source]
  risk: >
    A bucket and its settings are in several stacks, so no single plan shows that one is missing. A bucket without a
    policy accepts requests without TLS, and one without lifecycle rules grows without limit.
  repair: >
    the missing resource, with the same name as the bucket: aws_s3_bucket_policy "<name>",
    aws_s3_bucket_lifecycle_configuration "<name>" ...
"""

from typing import Any

from rulekit import PlatformRule, address

SETTINGS = (
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
)


class BucketHasSettings(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        return all(any(_label(each) == _label(block) for each in self.others(setting)) for setting in SETTINGS)


def _label(block: dict[str, Any]) -> str:
    return address(block).rsplit(".", 1)[-1]


check = BucketHasSettings(__doc__, ["aws_s3_bucket"])
