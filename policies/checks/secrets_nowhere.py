"""
metadata:
  id: MLOPS_SECRETS_1
  name: No secret is a variable, an output or a setting of a workload
  category: SECRETS
  severity: HIGH
  risk: >
    Values that pass through a variable or an output are in the state file and in saved plans, and a function's
    settings are visible to all principals that may describe it: the secret is as exposed as they are.
  repair: >
    store it in Secrets Manager or as a SecureString, pass its ARN or name (..._arn, ..._name), and read it at run
    time
"""

import re
from typing import Any

from rulekit import PlatformRule, is_true, values

SECRET = re.compile(
    r"(?:^|_)(?:password|passwd|secret|token|credentials?|api_?key|private_?key|access_?key|connection_string)s?(?:_value)?$",
    re.IGNORECASE,
)
SPELT_OUT = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|xox[bap]-[0-9A-Za-z-]{10,}|gh[pousr]_[0-9A-Za-z]{36}"
)
SETTINGS = {
    "aws_glue_job": "default_arguments",
    "aws_lambda_function": "environment.variables",
    "aws_sagemaker_model": "primary_container.environment",
}


class NoSecrets(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind in ("variable", "output"):
            name = str(block.get("__address__", "")).rsplit(".", 1)[-1]
            in_state = not any(is_true(value) for value in values(block, "ephemeral"))
            return not (in_state and SECRET.search(name)) and not SPELT_OUT.search(str(block.get("default", "")))
        for settings in values(block, SETTINGS[kind]):
            names = [str(name).lstrip("-") for name in settings] if isinstance(settings, dict) else []
            if any(SECRET.search(name) for name in names) or SPELT_OUT.search(str(settings)):
                return False
        return True


check = NoSecrets(__doc__, ["variable", "output", *SETTINGS])
