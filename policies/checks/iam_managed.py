"""
metadata:
  id: MLOPS_IAM_7
  name: No principal gets an AWS managed policy that allows everything, and no boundary is one
  category: IAM
  severity: HIGH
  risk: >
    AdministratorAccess, PowerUserAccess and the ...FullAccess policies allow whole services on every resource, and
    AWS can widen them at any time. As a boundary they limit nothing.
  repair: >
    a policy of the platform that names actions and resources
"""

import re
from typing import Any

from iamplaces import ATTACHED
from rulekit import PlatformRule, is_known, values

_WIDE = re.compile(r"::aws:(?:policy|cluster-access-policy)/.*(?:Admin|PowerUser|FullAccess)", re.IGNORECASE)


class NoWideManagedPolicy(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        named = [str(arn) for place in ATTACHED[kind] for arn in values(block, place)]
        if any(_WIDE.search(arn) for arn in named):
            return False
        return True if all(is_known(arn) for arn in named) else None


check = NoWideManagedPolicy(__doc__, list(ATTACHED))
