"""
metadata:
  id: MLOPS_DELETION_1
  name: Nothing with content is made to be deleted with it
  category: GENERAL_SECURITY
  severity: HIGH
  scans: [source]
  risk: >
    With force_destroy a wrong plan deletes the data together with its bucket, without a question. Whether an
    environment may be emptied is its own decision, so the value comes from the environment's file.
  repair: >
    force_destroy = var.force_destroy (force_delete likewise), never true in the code, in whatever words
"""

import re
from typing import Any

from rulekit import PlatformRule, is_known, is_true, values

# A plan cannot tell who decided, so an expression is judged as it stands: it refers to something, and says nothing
# by itself.
REFERENCE = re.compile(r"\b(?:var|each|local|module|data)\.")
CONSTANT = re.compile(r"\btrue\b|\bfalse\b", re.IGNORECASE)


class DecidedElsewhere(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        given = [*values(block, "force_destroy"), *values(block, "force_delete")]
        return all(_is_decided_elsewhere(value) for value in given)


def _is_decided_elsewhere(value: Any) -> bool:
    if is_known(value):
        return not is_true(value)
    return bool(REFERENCE.search(str(value))) and not CONSTANT.search(str(value))


check = DecidedElsewhere(__doc__, ["aws_s3_bucket", "aws_athena_workgroup", "aws_ecr_repository"])
