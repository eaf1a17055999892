"""
metadata:
  id: MLOPS_TAGS_3
  name: Every resource has an expiry tag
  category: GENERAL_SECURITY
  severity: LOW
  scans: [plan]
  risk: >
    Test environments are forgotten, not destroyed: endpoints and gateways are billed by the hour until their owner
    is contacted.
  repair: >
    lifetime_days, expires_at or permanent in the environment's platform.yaml; permanent environments have `never`
"""

from typing import Any

from rulekit import PlatformRule, values


class SaysWhenItExpires(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if not values(block, "tags_all.environment"):
            return None  # without tags at all: another rule's matter
        return bool(values(block, "tags_all.expires-at"))


check = SaysWhenItExpires(__doc__, ["aws_*"])
