"""
metadata:
  id: MLOPS_S3_2
  name: There is only one data bucket and its log bucket
  category: GENERAL_SECURITY
  severity: MEDIUM
  risk: >
    Access, encryption, expiry and cost are managed by prefix in one bucket. A second bucket is covered by none of
    them: no read policy includes it, and no lifecycle rule empties it.
  repair: >
    a prefix of the data bucket (module s3_buckets). The two names are
    <project>-<environment>-data-<account>-<region> and <project>-<environment>-access-logs-<account>-<region>: S3
    allows each of them once
"""

import re
from typing import Any

from rulekit import PlatformRule, is_known, values

FORM = r"-(data|access-logs)-\d{12}-[a-z]{2}(-[a-z]+)+-\d"


class OneDataBucket(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        names = values(block, "bucket")
        if names and not is_known(names[0]):
            return None
        # The tags name the owner of the bucket: with them only account and region of the name vary, a stack has
        # one of each, and no two buckets have the same name.
        whose = [
            re.escape(str(tag)) for name in ("project", "environment") for tag in values(block, "tags_all." + name)
        ]
        return bool(names) and re.fullmatch(("-".join(whose) or ".+") + FORM, str(names[0])) is not None


check = OneDataBucket(__doc__, ["aws_s3_bucket"])
