"""
metadata:
  id: MLOPS_IAM_2
  name: No policy allows a whole service, or everything but something
  category: IAM
  severity: HIGH
  risk: >
    "s3:*" or "sagemaker:*" also means every action that AWS adds tomorrow, and those that change policies
    of buckets, keys and functions: a role that should read can then let others in. NotAction and NotResource
    in what is allowed mean all of AWS but a few names.
  repair: >
    name the actions, or a family of them ("s3:Get*"), and the resources; exceptions belong in a Deny
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
    """The statement without which IAM has no say about a key, nor anybody after a mistake in the key's policy."""
    return (
        bool(statement.principals)
        and all(name.startswith("AWS:") and name.endswith(":root") for name in statement.principals)
        and all(action.lower() == "kms:*" for action in statement.actions)
    )


check = NoWholeService(__doc__)
