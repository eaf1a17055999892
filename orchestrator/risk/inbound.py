"""Find what security groups, network ACLs and prefix lists admit from outside private networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from orchestrator.core.types import Json
from orchestrator.risk.changes import ResourceChange, blocks, holds_true

_RANGES = ("cidr_ipv4", "cidr_ipv6", "cidr_block", "ipv6_cidr_block", "cidr_blocks", "ipv6_cidr_blocks")
_LISTS = ("prefix_list_id", "prefix_list_ids")
_LATER = "that is created with it"
_HOLDING_IPV4 = [ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96")]
"""IPv6 ranges that hold IPv4 addresses: mapped (RFC 4291) and translated (RFC 6052)."""


def after(change: ResourceChange) -> Json:
    """Return the values after the change, with a placeholder for prefix lists whose ids are not known yet."""
    unknown = [rule for rule in blocks(change.unknown, "ingress") if any(holds_true(rule.get(name)) for name in _LISTS)]
    values = {**change.after, **{name: [_LATER] for name in _LISTS if change.is_unknown(name)}}
    if unknown:
        values["ingress"] = [*blocks(change.after, "ingress"), {"prefix_list_ids": [_LATER]}]
    return values


def rules(values: Json, account_id: str) -> Iterator[str]:
    """Describe what a security group admits, in any of the three ways to write its rules."""
    if values.get("type", "ingress") != "ingress":
        return
    for rule in [values, *blocks(values, "ingress")]:
        where = _ports(rule)
        for cidr in _given(rule, _RANGES):
            if is_public(cidr):
                yield f"open to {cidr} on {where}"
        for prefix_list in _given(rule, _LISTS):
            yield f"open to the prefix list {prefix_list} on {where}"


def acl_rules(values: Json, account_id: str) -> Iterator[str]:
    """Describe what a network ACL admits, by its blocks or by a separate rule resource."""
    for rule in [values, *blocks(values, "ingress")]:
        action = str(rule.get("rule_action") or rule.get("action") or "")
        if action.lower() == "allow" and rule.get("egress") is not True:
            yield from (f"open to {cidr} on {_ports(rule)}" for cidr in _given(rule, _RANGES) if is_public(cidr))


def prefix_list(values: Json, account_id: str) -> Iterator[str]:
    """Describe the public entries of a prefix list: rules that admit the list admit them."""
    for entry in [values, *blocks(values, "entry")]:
        if is_public(entry.get("cidr")):
            yield f"the prefix list holds {entry['cidr']}"


def is_public(cidr: Any) -> bool:
    """Whether a range reaches beyond private networks; unknown values and invalid ranges do not count."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    for holding in _HOLDING_IPV4:
        if isinstance(network, ipaddress.IPv6Network) and network.overlaps(holding):
            inner = network if network.subnet_of(holding) else holding
            network4 = ipaddress.IPv4Network((int(inner.network_address) & 0xFFFFFFFF, inner.prefixlen - 96))
            return not network4.is_private
    return not network.is_private


def _ports(rule: Json) -> str:
    whole = str(rule.get("ip_protocol") or rule.get("protocol")) == "-1" or "from_port" not in rule
    return "every port" if whole else f"port {rule.get('from_port')}-{rule.get('to_port')}"


def _given(rule: Json, names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        value = rule.get(name)
        yield from (each for each in (value if isinstance(value, list) else [value]) if each)
