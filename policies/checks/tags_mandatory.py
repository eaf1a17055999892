"""
metadata:
  id: MLOPS_TAGS_2
  name: Every resource that supports tags has the mandatory ones
  category: GENERAL_SECURITY
  severity: MEDIUM
  scans: [plan]
  risk: >
    Cost reports, the audit for left-over resources and the key policies read these tags: a resource without one has
    no owner, is not found when the environment is destroyed, or cannot decrypt its own data.
  repair: >
    leave default_tags to the provider block (tags = var.context.tags) and set no tag of these names to an
    empty value
"""

from typing import Any

from rulekit import PlatformRule, blocks, values

MANDATORY = ("project", "environment", "phase", "owner", "cost-center", "managed-by")
# An object takes ten tags, and the platform has more; it is identified by its bucket.
WITHOUT = {"aws_s3_object"}


class MandatoryTags(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind in WITHOUT or not blocks(block, "tags_all"):
            return None
        return all(values(block, f"tags_all.{name}") for name in MANDATORY)


check = MandatoryTags(__doc__, ["aws_*"])
