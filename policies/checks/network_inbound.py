"""
metadata:
  id: MLOPS_NETWORK_1
  name: Nothing is open to the internet, on any port
  category: NETWORKING
  severity: CRITICAL
  risk: >
    Notebooks, training hosts and endpoints hold data and roles. Rules that admit every address, or a large part of
    the internet (more than a /16, or a /40 of IPv6, all rules of a group together), expose each of them to attacks
    on any port. A prefix list whose content is not in the code may admit anything.
  repair: >
    referenced_security_group_id = <the caller's group>, or the CIDR block of the network; a prefix list that is
    created here with its entries
"""

from collections.abc import Iterator
from typing import Any

from addresses import Admitted, admitted, is_public, is_wide, rule_blocks, verdict, without_index
from rulekit import PlatformRule, address, is_true, values

GROUPS = ("aws_security_group", "aws_default_security_group")
GROUP_RULES = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
ACLS = ("aws_network_acl", "aws_default_network_acl")
ACL_RULES = ("aws_network_acl_rule",)


class NothingFromAnywhere(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        own = self._inbound(kind, block)
        if is_public(own.networks) and not own.unseen and not is_wide(own.networks):
            own += self._beside(kind, block)
        return verdict(block, own)

    def _inbound(self, kind: str, block: dict[str, Any]) -> Admitted:
        """Return what a block admits itself."""
        if kind in GROUPS + ACLS:
            rules, more = rule_blocks(block, "ingress")
        else:
            rules, more = [block] if _is_inbound(kind, block) else [], False
        sources = Admitted([], unknown=more)
        for rule in rules:
            if kind not in ACLS + ACL_RULES or not _denies(rule):
                sources += admitted(self, rule)
        return sources

    def _beside(self, kind: str, block: dict[str, Any]) -> Admitted:
        """Return the ranges that other rules of the same group or ACL admit."""
        sources = Admitted([])
        for other, each in self._family(kind):
            if _owners(other, each) & _owners(kind, block):
                sources.networks += self._inbound(other, each).networks
        return sources

    def _family(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        whole = GROUPS + GROUP_RULES if kind in GROUPS + GROUP_RULES else ACLS + ACL_RULES
        for each in whole:
            yield from ((each, block) for block in self.others(each))


def _is_inbound(kind: str, block: dict[str, Any]) -> bool:
    if kind == "aws_security_group_rule":
        return values(block, "type") != ["egress"]
    return kind != "aws_network_acl_rule" or not any(is_true(value) for value in values(block, "egress"))


def _denies(rule: dict[str, Any]) -> bool:
    return [str(each).lower() for name in ("action", "rule_action") for each in values(rule, name)] == ["deny"]


def _owners(kind: str, block: dict[str, Any]) -> set[str]:
    """Return every name of the group or ACL that a block is or belongs to."""
    if kind in GROUPS + ACLS:
        return {without_index(each) for each in (f"{address(block)}.id", *values(block, "id"))}
    owner = "network_acl_id" if kind in ACL_RULES else "security_group_id"
    return {without_index(each) for each in values(block, owner)} or {""}


check = NothingFromAnywhere(__doc__, [*GROUPS, *GROUP_RULES, *ACLS, *ACL_RULES])
