"""
metadata:
  id: MLOPS_ALARMS_2
  name: Alarms can fire, and do so within minutes
  category: LOGGING
  severity: MEDIUM
  risk: >
    An alarm below a threshold that treats missing data as healthy stays green when everything has stopped. An alarm
    that requires a hundred bad minutes in a row reports an outage after it is over. Both look right in the console.
  repair: >
    comparison_operator = "GreaterThanThreshold", or treat_missing_data = "breaching"; evaluation_periods = 15 at most
"""

from typing import Any

from rulekit import PlatformRule, is_known, number, values

MOST_PERIODS = 15


class AlarmCanFire(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        names = ("evaluation_periods", "comparison_operator", "treat_missing_data")
        periods, comparison, silence = (next(iter(values(block, name)), None) for name in names)
        if not all(is_known(value) for value in (periods, comparison, silence)):
            return None
        deaf = str(comparison).startswith("LessThan") and silence == "notBreaching"
        return not deaf and (number(periods) or 0) <= MOST_PERIODS


check = AlarmCanFire(__doc__, ["aws_cloudwatch_metric_alarm"])
