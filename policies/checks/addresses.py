"""Work out which part of the internet a set of address ranges admits (shared code, no rule).

Ranges are compared as sets of addresses, so that no other spelling or split hides what they cover.
"""

from __future__ import annotations

import ast
import ipaddress
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rulekit import PLAN_ACTIONS, PLAN_PLACEHOLDERS, PlatformRule, address, bare, blocks, is_known, values

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LARGEST = {4: 2**16, 6: 2**88}
"""Public addresses that one set of rules may admit: a /16 and a /40, which is what the network of a whole company fits
in. Whatever is larger belongs to strangers, such as the customers of a provider or of a cloud's region."""

# IANA's special-purpose registries: addresses that no host on the internet has.
_SPECIAL = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 2001:db8::/32
"""
_NOT_PUBLIC = [ipaddress.ip_network(each) for each in _SPECIAL.split()]
_UNICAST = ipaddress.IPv6Network("2000::/3")
_HOLDING_IPV4 = [ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96")]
"""IPv4 addresses as IPv6 writes them: mapped (RFC 4291) and translated (RFC 6052)."""

RANGES = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "cidr_block", "ipv6_cidr_block")
LISTS = ("prefix_list_ids", "prefix_list_id")
PREFIX_LIST = "aws_ec2_managed_prefix_list"


@dataclass
class Admitted:
    """The address ranges that rules admit.

    Attributes:
        networks: the ranges that are known.
        unknown: whether the rules may admit more that is only known later.
        unseen: whether a referenced list of ranges is not in the code.
    """

    networks: list[Network]
    unknown: bool = False
    unseen: bool = False

    def __add__(self, other: Admitted) -> Admitted:
        return Admitted(self.networks + other.networks, self.unknown or other.unknown, self.unseen or other.unseen)


def is_wide(networks: Iterable[Network]) -> bool:
    """Tell whether these ranges together cover more of the internet than one company's network."""
    sizes = _public_sizes(networks)
    return any(sizes[version] > limit for version, limit in LARGEST.items())


def is_public(networks: Iterable[Network]) -> bool:
    """Tell whether any of these ranges contains a public address."""
    return any(_public_sizes(networks).values())


def _public_sizes(networks: Iterable[Network]) -> dict[int, int]:
    parts = [part for network in networks for part in _public_parts(network)]
    ipv4 = ipaddress.collapse_addresses(part for part in parts if isinstance(part, ipaddress.IPv4Network))
    ipv6 = ipaddress.collapse_addresses(part for part in parts if isinstance(part, ipaddress.IPv6Network))
    return {4: sum(map(_public_size, ipv4)), 6: sum(map(_public_size, ipv6))}


def _public_parts(network: Network) -> Iterator[Network]:
    if isinstance(network, ipaddress.IPv4Network):
        yield network
        return
    if network.overlaps(_UNICAST):
        yield network if network.subnet_of(_UNICAST) else _UNICAST
    for holding in _HOLDING_IPV4:
        if network.overlaps(holding):
            inner = network if network.subnet_of(holding) else holding
            yield ipaddress.IPv4Network((int(inner.network_address) & 0xFFFFFFFF, inner.prefixlen - 96))


def _public_size(network: Network) -> int:
    special = [each for each in _NOT_PUBLIC if each.version == network.version and each.overlaps(network)]
    if any(each.prefixlen <= network.prefixlen for each in special):
        return 0
    return network.num_addresses - sum(each.num_addresses for each in special)


def admitted(rule: PlatformRule, block: dict[str, Any]) -> Admitted:
    """Return what one rule of a security group or network ACL admits, by its ranges and prefix lists."""
    sources = ranges(value for name in RANGES for value in values(block, name))
    for name in LISTS:
        for value in values(block, name):
            sources += _listed(rule, value)
    return sources


def ranges(given: Iterable[Any]) -> Admitted:
    """Parse ranges in any spelling."""
    result = Admitted([])
    for text in (each for value in given for each in _texts(value)):
        try:
            result.networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            result.unknown = True
    return result


def _texts(value: Any) -> list[Any]:
    """Return a range, or the ranges of a list that checkov left as text."""
    if isinstance(value, str) and value.startswith("["):
        try:
            read = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return [value]
        return list(read) if isinstance(read, list) else [value]
    return [value]


def _listed(rule: PlatformRule, reference: Any) -> Admitted:
    """Return what a prefix list admits; one that the code only references may contain anything."""
    result = Admitted([])
    names = [each for each in rule.others(PREFIX_LIST) if _names(each, reference)]
    for each in names:
        result += ranges(values(each, "entry.cidr"))
        result.unknown |= any(not isinstance(entry, dict) for entry in values(each, "entry"))
        own = [reference, f"{address(each)}.id", *values(each, "id")]
        for entry in rule.others(f"{PREFIX_LIST}_entry"):
            if any(_same_list(entry_of, each_id) for entry_of in values(entry, "prefix_list_id") for each_id in own):
                result += ranges(values(entry, "cidr"))
    if not names:
        looked_up = bare(reference).startswith("data.")
        result.unseen = looked_up or is_known(reference)
        result.unknown = not result.unseen
    return result


def _names(prefix_list: dict[str, Any], reference: Any) -> bool:
    if prefix_list.get("block_type_") == "data":
        return False
    known_as = [address(prefix_list), f"{address(prefix_list)}.id", *values(prefix_list, "id")]
    return any(_same_list(each, reference) for each in known_as)


def _same_list(one: Any, other: Any) -> bool:
    """Tell whether two expressions refer to the same list; instances of `count` and `for_each` count as one."""
    return without_index(one) == without_index(other)


def without_index(value: Any) -> str:
    """Strip the instance key from a reference."""
    text = bare(value)
    head, _, rest = text.partition("[")
    return head + rest.rpartition("]")[2] if rest else text


def verdict(block: dict[str, Any], sources: Admitted) -> bool | None:
    """Judge the admitted ranges; a plan's first scan fails what the second, with placeholders, leaves open, so that the
    gate reports what is undecided."""
    if sources.unseen or is_wide(sources.networks):
        return False
    if not sources.unknown:
        return True
    return False if PLAN_ACTIONS in block and PLAN_PLACEHOLDERS not in os.environ else None


def rule_blocks(block: dict[str, Any], name: str) -> tuple[list[dict[str, Any]], bool]:
    """Return the nested rules of a group or ACL, and whether there may be more."""
    given = values(block, name)
    return blocks(block, name), any(not isinstance(each, dict) for each in given)
