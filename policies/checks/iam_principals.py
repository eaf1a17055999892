"""
metadata:
  id: MLOPS_IAM_6
  name: Policies of resources and roles say whom they let in
  category: IAM
  severity: CRITICAL
  risk: >
    A policy for everybody, or for everybody but some, admits every account there is, and people without one.
    A condition that holds for every request (a pattern that matches all, an operator that passes when the key
    is missing) changes nothing about it.
  repair: >
    Principal = <ARNs or a service>; or, beside "*", Condition = { StringEquals = { "aws:PrincipalAccount" = [...] } }
    (or a principal, organization, source or VPC endpoint); for a web identity a condition on its ...:sub
"""

from iampatterns import everything
from iamplaces import ENDPOINTS
from iamstatements import Statement, StatementRule

_LIMITS = """
    aws:principalaccount aws:principalarn aws:principalorgid aws:principalorgpaths aws:sourceaccount aws:sourcearn
    aws:sourceorgid aws:sourceorgpaths aws:sourceowner aws:sourcevpc aws:sourcevpce aws:vpcsourceip aws:userid
    kms:calleraccount lambda:functionarn s3:dataaccesspointaccount sts:externalid
"""
LIMITS = tuple(_LIMITS.split())
"""Condition keys that narrow "anybody" down to somebody."""


class NamesWhom(StatementRule):
    def refuses(self, statement: Statement, kind: str) -> bool:
        if not statement.allows or not statement.names_somebody:
            return False
        if statement.not_principals is not None or any(_anybody(name) for name in statement.principals):
            limited = statement.limited_by(LIMITS)
            if kind in ENDPOINTS:
                limited = limited or not any(everything(resource) for resource in statement.resources)
            return not limited
        return any(_web_identity(name) for name in statement.principals) and not any(
            key.endswith((":sub", "cognito-identity.amazonaws.com:aud")) and statement.limited_by([key])
            for _, key, _ in statement.conditions
        )


def _anybody(name: str) -> bool:
    return name.split(":", 1)[-1] in ("*", "arn:aws:iam::*:root") or everything(name.removeprefix("AWS:"))


def _web_identity(name: str) -> bool:
    """Whoever has an account there; only its subject says who."""
    return name.startswith("Federated:") and ":saml-provider/" not in name


check = NamesWhom(__doc__)
