"""
metadata:
  id: MLOPS_API_2
  name: Neither firewall nor gateway stores what clients send
  category: LOGGING
  severity: HIGH
  risk: >
    Requests are customers' texts. Samples of the firewall and traces of the gateway show them in the console to all
    users with access to either, outside the bucket's keys, prefixes and retention.
  repair: >
    sampled_requests_enabled = false in every visibility_config, data_trace_enabled = false
"""

from typing import Any

from rulekit import PlatformRule, all_of, is_known, is_true, values

PLACES = {
    "aws_api_gateway_method_settings": ("settings.data_trace_enabled",),
    "aws_apigatewayv2_stage": ("default_route_settings.data_trace_enabled",),
    "aws_wafv2_web_acl": (
        "visibility_config.sampled_requests_enabled",
        "rule.visibility_config.sampled_requests_enabled",
    ),
}


class KeepsNoRequests(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        return all_of(*(_off(value) for place in PLACES[kind] for value in values(block, place)))


def _off(value: Any) -> bool | None:
    return not is_true(value) if is_known(value) else None


check = KeepsNoRequests(__doc__, list(PLACES))
