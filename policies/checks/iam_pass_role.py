"""
metadata:
  id: MLOPS_IAM_3
  name: Roles are passed by name, and to named services
  category: IAM
  severity: CRITICAL
  risk: >
    A principal that may pass any role to any service effectively has that role: a notebook user starts a function
    under the deployment's role. It is the shortest path to full access.
  repair: >
    Resource = <role ARNs or name pattern>, Condition = { StringEquals = { "iam:PassedToService" = [...] } }
"""

from iampatterns import everything_for
from iamplaces import ENDPOINTS
from iamstatements import Statement, StatementRule


class PassRoleNarrow(StatementRule):
    def refuses(self, statement: Statement, kind: str) -> bool:
        if not statement.allows or kind in ENDPOINTS or not statement.includes("iam:PassRole"):
            return False
        named = bool(statement.resources) and not everything_for("iam:PassRole", statement.resources)
        return not (named and statement.limited_by(["iam:passedtoservice"]))


check = PassRoleNarrow(__doc__)
