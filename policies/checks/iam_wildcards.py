"""
metadata:
  id: MLOPS_IAM_2
  name: No policy allows a whole service
  category: IAM
  severity: HIGH
  risk: >
    "s3:*" or "sagemaker:*" also means every action that AWS adds tomorrow, and those that change policies
    of buckets, keys and functions: a role that should read can then let others in.
  repair: >
    name the actions, or a family of them ("s3:Get*")
"""

from typing import Any

from rulekit import POLICIES, PlatformRule, listed, policy_statements


class NoWholeService(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        known = policy_statements(kind, block)
        if known is None:
            return None
        return not any(_whole_service(statement) for statement in known)


def _whole_service(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") == "Deny":
        return False
    actions = listed(statement.get("Action"))
    return "NotAction" in statement or any(action == "*" or action.endswith(":*") for action in actions)


check = NoWholeService(__doc__, POLICIES, data=("aws_iam_policy_document",))
