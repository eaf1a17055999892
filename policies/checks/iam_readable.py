"""
metadata:
  id: MLOPS_IAM_8
  name: Policies can be read, and say "everything" as *
  category: IAM
  severity: HIGH
  risk: >
    What is no policy, has an element of a wrong name, or stands in another language (a CloudFormation template)
    is judged by no rule. Patterns such as "arn:*" or "**" mean * and are passed over by whoever looks for it.
  repair: >
    jsonencode({ Version = "2012-10-17", Statement = [...] }) with the elements' exact names; resources instead of
    templates; "*" where everything is meant
"""

from typing import Any

from iamplaces import API_BODIES, JUDGED, TEMPLATES
from iampatterns import everything
from iamstatements import DOCUMENT, Statement, policies
from rulekit import PlatformRule, all_of, values


class Readable(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind in TEMPLATES:
            return False
        for place in API_BODIES.get(kind, ()):
            if any("x-amazon-apigateway-policy" in str(body) for body in values(block, place)):
                return False
        known = policies(kind, block) if kind in JUDGED or kind == DOCUMENT else []
        return all_of(
            *(
                False if policy.mistakes or any(_disguised(each) for each in policy.statements) else policy.complete or None
                for policy in known
            )
        )


def _disguised(statement: Statement) -> bool:
    """All of AWS under a longer name than `*`; all of one service or account is a name."""
    return statement.allows and any(
        resource != "*" and everything(resource) and not _says_where(resource) for resource in statement.resources
    )


def _says_where(resource: str) -> bool:
    """Whether an ARN names a service."""
    fields = resource.split(":")
    return len(fields) > 2 and fields[2].isascii() and fields[2].replace("-", "").isalnum()


check = Readable(__doc__, sorted({*JUDGED, *TEMPLATES, *API_BODIES}), data=(DOCUMENT,))
