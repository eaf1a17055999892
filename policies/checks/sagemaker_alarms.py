"""
metadata:
  id: MLOPS_SAGEMAKER_7
  name: Every endpoint has an alarm with an action
  category: LOGGING
  severity: HIGH
  risk: >
    A model that answers wrongly or too slowly fails silently: without an alarm on its own metrics clients notice
    first, and a release has nothing that rolls it back.
  repair: >
    aws_cloudwatch_metric_alarm with dimensions { EndpointName = <its name> } and alarm_actions = [<topic>]
"""

from typing import Any

from rulekit import PlatformRule, address, same, values


class EndpointHasAlarm(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        return any(_watches(alarm, block) for alarm in self.others("aws_cloudwatch_metric_alarm"))


def _watches(alarm: dict[str, Any], endpoint: dict[str, Any]) -> bool:
    if not values(alarm, "alarm_actions"):
        return False
    watched = values(alarm, "dimensions.EndpointName") + values(alarm, "metric_query.metric.dimensions.EndpointName")
    known_as = [f"{address(endpoint)}.name", *values(endpoint, "name")]
    return any(same(one, other) for one in watched for other in known_as)


check = EndpointHasAlarm(__doc__, ["aws_sagemaker_endpoint"])
