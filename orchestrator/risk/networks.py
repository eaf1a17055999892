"""`network-change`: a network gets other addresses, or is given up.

Its peers, their routes, and whoever allows its addresses know the old ones. It is made anew, with everything in it: the
single losses are listed under `state-loss`, and this says in one word why.
"""

from __future__ import annotations

from orchestrator.risk.changes import ResourceChange

BLOCKS = {
    "aws_vpc": ("cidr_block", "ipv6_cidr_block"),
    "aws_subnet": ("cidr_block", "ipv6_cidr_block"),
    "aws_vpc_ipv4_cidr_block_association": ("cidr_block",),
    "aws_vpc_ipv6_cidr_block_association": ("ipv6_cidr_block",),
}
"""Types that hold addresses, with the attributes that say which."""


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Which addresses something loses; nothing if it keeps them."""
    if not change.before:
        return []
    return [
        f"{before} is given up" if not change.remains else f"{before} becomes {after or 'known only after the apply'}"
        for name in BLOCKS.get(change.type, ())
        if (before := change.before.get(name))
        if (after := change.after.get(name)) != before
        # AWS gives out IPv6 blocks; one that is not known yet is no change that anybody asked for.
        if after or not change.remains or change.is_left_open(name)
    ]
