"""
metadata:
  id: MLOPS_IAM_3
  name: Roles are passed by name, and to named services
  category: IAM
  severity: CRITICAL
  risk: >
    Whoever may pass any role to any service becomes that role: a notebook user starts a function under the
    deployment's role. It is the shortest way from little to everything.
  repair: >
    Resource = <role ARNs or name pattern>, Condition = { StringEquals = { "iam:PassedToService" = [...] } }
"""

from typing import Any

from rulekit import POLICIES, PlatformRule, listed, policy_statements


class PassRoleNarrow(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        known = policy_statements(kind, block)
        if known is None:
            return None
        return all(_narrow(statement) for statement in known if _passes_role(statement))


def _passes_role(statement: dict[str, Any]) -> bool:
    actions = {action.lower() for action in listed(statement.get("Action"))}
    return statement.get("Effect") != "Deny" and bool(actions & {"iam:passrole", "iam:pass*", "iam:*", "*"})


def _narrow(statement: dict[str, Any]) -> bool:
    resources = listed(statement.get("Resource"))
    named = bool(resources) and all(resource != "*" and not resource.endswith(":role/*") for resource in resources)
    conditions = statement.get("Condition")
    asked = {key for each in conditions.values() for key in each} if isinstance(conditions, dict) else set()
    return named and "iam:PassedToService" in asked


check = PassRoleNarrow(__doc__, POLICIES, data=("aws_iam_policy_document",))
