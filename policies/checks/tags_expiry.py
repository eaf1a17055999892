"""
metadata:
  id: MLOPS_TAGS_3
  name: Outside prod everything says until when it is wanted
  category: GENERAL_SECURITY
  severity: LOW
  scans: [plan]
  risk: >
    Environments for trying things out are forgotten, not destroyed: endpoints and gateways are billed by
    the hour until somebody asks whose they are.
  repair: >
    lifetime_days or expires_at in the environment's platform.yaml
"""

from typing import Any

from rulekit import PlatformRule, values

WITHOUT_EXPIRY = "prod"


class SaysWhenItExpires(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        environment = values(block, "tags_all.environment")
        if not environment:
            return None  # without tags at all: another rule's matter
        return environment[0] == WITHOUT_EXPIRY or bool(values(block, "tags_all.expires-at"))


check = SaysWhenItExpires(__doc__, ["aws_*"])
