"""
metadata:
  id: MLOPS_LOGS_3
  name: Functions, state machines and stages are traced and log their errors
  category: LOGGING
  severity: MEDIUM
  risk: >
    A function that only passes traces through creates none, and a stage without a log level logs no error:
    the cause of a failed request cannot be found afterwards.
  repair: >
    tracing_config { mode = "Active" }, tracing_configuration { enabled = true }, xray_tracing_enabled = true,
    settings { logging_level = "INFO" }
"""

from typing import Any

from rulekit import PlatformRule, only

REQUIRED = {
    "aws_api_gateway_method_settings": ("settings.logging_level", ("error", "info")),
    "aws_api_gateway_stage": ("xray_tracing_enabled", ("true",)),
    "aws_lambda_function": ("tracing_config.mode", ("active",)),
    "aws_sfn_state_machine": ("tracing_configuration.enabled", ("true",)),
}


class Traced(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        path, required = REQUIRED[kind]
        self.evaluated_keys = [path.split(".")[0]]  # the gate asks a plan whether it is known after apply
        return only(block, path, required, when_missing=False)


check = Traced(__doc__, list(REQUIRED))
