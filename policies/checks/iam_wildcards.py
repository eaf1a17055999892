"""
metadata:
  id: MLOPS_IAM_2
  name: No policy allows a whole service, or everything but something
  category: IAM
  severity: HIGH
  risk: >
    "s3:*" or "sagemaker:*" also includes every action that AWS adds later, and those that change policies of
    buckets, keys and functions: a role that should read can then admit others. NotAction and NotResource in an
    Allow mean all of AWS except a few names.
  repair: >
    name the actions, or a group of them ("s3:Get*"), and the resources; exceptions belong in a Deny
"""

from iampatterns import whole_service
from iamplaces import ENDPOINTS
from iamstatements import Statement, StatementRule


class NoWholeService(StatementRule):
    def refuses(self, statement: Statement, kind: str) -> bool:
        if not statement.allows:
            return False
        if statement.not_actions is not None or statement.not_resources is not None:
            return True
        if kind in ENDPOINTS or _key_of_an_account(statement):
            return False
        return any(whole_service(action) for action in statement.actions)


def _key_of_an_account(statement: Statement) -> bool:
    """Tell whether this is the default key statement, which delegates to IAM and allows repairing the key's policy."""
    return (
        bool(statement.principals)
        and all(name.startswith("AWS:") and name.endswith(":root") for name in statement.principals)
        and all(action.lower() == "kms:*" for action in statement.actions)
    )


check = NoWholeService(__doc__)
