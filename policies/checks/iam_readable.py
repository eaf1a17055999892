"""
metadata:
  id: MLOPS_IAM_8
  name: Policies can be read, and spell "everything" as *
  category: IAM
  severity: HIGH
  risk: >
    A text that is not a policy, that has a misspelt element, or that is inside a template of another language is
    checked by no rule. Patterns such as "arn:*" or "**" mean * and are missed when reading.
  repair: >
    jsonencode({ Version = "2012-10-17", Statement = [...] }) with the elements' exact names; resources instead of
    templates; "*" where everything is meant
"""

import re
from typing import Any

from iampatterns import everything
from iamplaces import JUDGED, TEMPLATES
from iamstatements import DOCUMENT, Policy, Statement, policies
from rulekit import PlatformRule, all_of, is_known, values

_POLICY_IN_TEMPLATE = re.compile(r"AWS::IAM::|Statement|x-amazon-apigateway-policy")


class Readable(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        written = [text for place in TEMPLATES.get(kind, ()) for text in values(block, place)]
        verdicts = [_without_policies(text) for text in written]
        if values(block, "template_url") or values(block, "template_s3_uri"):
            verdicts.append(False)
        if kind in JUDGED or kind == DOCUMENT:
            verdicts += [_well_written(policy) for policy in policies(kind, block)]
        return all_of(*verdicts)


def _without_policies(template: Any) -> bool | None:
    if _POLICY_IN_TEMPLATE.search(str(template)):
        return False
    return True if isinstance(template, dict) or is_known(template) else None


def _well_written(policy: Policy) -> bool | None:
    if policy.mistakes or any(_disguised(each) for each in policy.statements):
        return False
    return True if policy.complete else None


def _disguised(statement: Statement) -> bool:
    """Tell whether a pattern means everything without being `*`; a pattern for one whole service is not disguised."""
    return statement.allows and any(
        resource != "*" and everything(resource) and not _says_where(resource) for resource in statement.resources
    )


def _says_where(resource: str) -> bool:
    fields = resource.split(":")
    return len(fields) > 2 and fields[2] != "" and not set("*?") & set(fields[2])


check = Readable(__doc__, sorted({*JUDGED, *TEMPLATES}), data=(DOCUMENT,))
