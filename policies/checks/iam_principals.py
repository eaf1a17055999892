"""
metadata:
  id: MLOPS_IAM_6
  name: Policies of resources and roles name the principals that they admit
  category: IAM
  severity: CRITICAL
  risk: >
    A policy for all principals, or for all except some, admits every AWS account, and anonymous requests. A
    condition that holds for every request (a pattern that matches everything, an operator that passes when the key
    is missing) does not change that.
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
"""Condition keys that limit the principal `*`."""


class NamesWhom(StatementRule):
    def refuses(self, statement: Statement, kind: str) -> bool:
        if not statement.allows or not statement.has_principals:
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
    """Tell whether a principal is a web identity provider; only a condition on the subject limits its users."""
    return name.startswith("Federated:") and ":saml-provider/" not in name


check = NamesWhom(__doc__)
