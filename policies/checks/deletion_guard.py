"""
metadata:
  id: MLOPS_DELETION_1
  name: No resource with content is set to be deleted with its content
  category: GENERAL_SECURITY
  severity: HIGH
  scans: [source]
  risk: >
    With force_destroy a wrong plan deletes a bucket together with its data, without asking. Each environment
    decides whether it may be emptied, so the value comes from the environment's file.
  repair: >
    force_destroy = var.force_destroy (the same for force_delete), never true in the code, in any spelling
"""

import re
from typing import Any

from rulekit import PlatformRule, is_known, is_true, values

# A plan does not show where a value came from, so the expression itself is checked: it must be a reference, not a
# literal.
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
