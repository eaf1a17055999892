"""Plan the subnets of the VPC module, and reject address ranges that it cannot use.

Pure. The layout is that of `terraform/modules/vpc/network.tf`: sixteenths of the network, public subnets
0-2, private ones 4-6, isolated ones 8-10, so that a third zone moves no subnet.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

from orchestrator.config.model.platform import Network

Block = ipaddress.IPv4Network
Tier = Literal["public", "private", "isolated"]

FIRST_SIXTEENTH: dict[Tier, int] = {"public": 0, "private": 4, "isolated": 8}
RESERVED_PER_SUBNET = 5
"""AWS reserves the first four addresses and the last address of every subnet."""
PRIVATE_RANGES = tuple(Block(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
TAKEN_RANGES = {
    Block("169.254.0.0/16"): "the link-local addresses of AWS (metadata, DNS)",
    Block("172.17.0.0/16"): "used inside SageMaker (Docker's bridge)",
}
"""Ranges that would break a network without an error, and their use."""


@dataclass(frozen=True)
class Subnet:
    """One planned subnet. `zone` counts from 0; `usable` is the number of addresses left for workloads."""

    tier: Tier
    zone: int
    cidr: str
    usable: int


def refusal(block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str | None:
    """Return the rule that a block for a new network breaks, or None."""
    if not isinstance(block, Block) or not 16 <= block.prefixlen <= 20:
        return "must be an IPv4 block from /16 to /20"
    if not any(block.subnet_of(allowed) for allowed in PRIVATE_RANGES):
        return f"must be in a private range: {', '.join(map(str, PRIVATE_RANGES))}"
    for taken, owner in TAKEN_RANGES.items():
        if block.overlaps(taken):
            return f"overlaps {taken}, {owner}"
    return None


def subnets(network: Network) -> tuple[Subnet, ...]:
    """Plan the subnets that the network module creates; none in an existing network."""
    if network.use_existing:
        return ()
    parts = list(Block(network.cidr).subnets(prefixlen_diff=4))
    tiers: tuple[Tier, ...] = ("public", "private", "isolated") if network.isolated_subnets else ("public", "private")
    return tuple(
        Subnet(tier, zone, str(part := parts[FIRST_SIXTEENTH[tier] + zone]), part.num_addresses - RESERVED_PER_SUBNET)
        for tier in tiers
        for zone in range(network.availability_zones)
    )
