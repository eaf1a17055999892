"""Find `network-change`: networks that get other addresses, or are removed.

Peers, routes and allow-lists refer to the old addresses. The network is recreated with everything in it: the losses
are listed one by one under `state-loss`, and this class gives their common reason.
"""

from __future__ import annotations

from orchestrator.risk.changes import ResourceChange

BLOCKS = {
    "aws_vpc": ("cidr_block", "ipv6_cidr_block"),
    "aws_subnet": ("cidr_block", "ipv6_cidr_block"),
    "aws_vpc_ipv4_cidr_block_association": ("cidr_block",),
    "aws_vpc_ipv6_cidr_block_association": ("ipv6_cidr_block",),
}
"""Types with address blocks, and the attributes that hold them."""


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Describe the address blocks that a change removes or replaces."""
    if not change.before:
        return []
    return [
        f"{before} is removed" if not change.remains else f"{before} becomes {after or 'known only after the apply'}"
        for name in BLOCKS.get(change.type, ())
        if (before := change.before.get(name))
        if (after := change.after.get(name)) != before
        # AWS assigns IPv6 blocks; one that is not known yet is not a requested change.
        if after or not change.remains or change.is_left_open(name)
    ]
