"""
metadata:
  id: MLOPS_NETWORK_1
  name: Nothing is open to the whole internet, on any port
  category: NETWORKING
  severity: CRITICAL
  risk: >
    Notebooks, training hosts and endpoints hold data and roles. One rule that admits every address makes
    each of them a target, whatever port it was meant for.
  repair: >
    referenced_security_group_id = <the caller's group>, or the CIDR block of the network
"""

from typing import Any

from rulekit import PlatformRule, blocks, is_true, values

ANYWHERE = {"0.0.0.0/0", "::/0"}
TYPES = [
    "aws_security_group",
    "aws_default_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_network_acl_rule",
]
ADDRESSES = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "cidr_block", "ipv6_cidr_block")


class NothingFromAnywhere(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind == "aws_security_group_rule" and values(block, "type") == ["egress"]:
            return True
        if kind == "aws_network_acl_rule" and (
            any(is_true(value) for value in values(block, "egress")) or values(block, "rule_action") == ["deny"]
        ):
            return True
        rules = blocks(block, "ingress") if kind in ("aws_security_group", "aws_default_security_group") else [block]
        return not any(_from_anywhere(rule) for rule in rules)


def _from_anywhere(rule: dict[str, Any]) -> bool:
    return any(str(value) in ANYWHERE for name in ADDRESSES for value in values(rule, name))


check = NothingFromAnywhere(__doc__, TYPES)
