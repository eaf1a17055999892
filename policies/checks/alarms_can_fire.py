"""
metadata:
  id: MLOPS_ALARMS_2
  name: Alarms can fire, and do so within minutes
  category: LOGGING
  severity: MEDIUM
  risk: >
    A count is never below zero, and an alarm that waits for a hundred bad minutes in a row tells of an outage
    when it is over. Both look right in the console.
  repair: >
    comparison_operator = "GreaterThanThreshold" with threshold = 0, evaluation_periods = 15 at most
"""

from typing import Any

from rulekit import PlatformRule, is_known, number, values

MOST_PERIODS = 15


class AlarmCanFire(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        periods, threshold, comparison = (
            next(iter(values(block, name)), None) for name in ("evaluation_periods", "threshold", "comparison_operator")
        )
        if not all(is_known(value) for value in (periods, threshold, comparison)):
            return None
        never = str(comparison).startswith("LessThan") and number(threshold) == 0
        return not never and (number(periods) or 0) <= MOST_PERIODS


check = AlarmCanFire(__doc__, ["aws_cloudwatch_metric_alarm"])
