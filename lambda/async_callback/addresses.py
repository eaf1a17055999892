"""Which addresses lie in the internet. Pure.

An IPv6 address may be a way to an IPv4 one: a gateway on the way unwraps it. So it is judged by what it leads to where
networks use that today (NAT64, which DNS64 makes of ordinary names, and mapped addresses), and refused where nobody
needs it any more: IPv4-compatible and translated addresses, NAT64 of a network's own, 6to4, Teredo, ISATAP.

The configuration knows the same rule, in `orchestrator/config/rules/public_addresses.py`: what it lets pass is checked
again when it is called.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

UNICAST = ip_network("2000::/3")
"""Everything in IPv6 that is given out for the internet; all other prefixes mean something else."""
UNWRAPPED = (ip_network("64:ff9b::/96"), ip_network("::ffff:0:0/96"))
"""NAT64 and mapped addresses: the last 32 bits are the IPv4 address."""
TUNNELS = (ip_network("2001::/32"), ip_network("2002::/16"))
"""Teredo and 6to4, which lie within the unicast prefix."""
ISATAP = (0x00005EFE, 0x02005EFE)
"""Before the IPv4 address in the last 64 bits, below any prefix."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address leads into the internet, and nowhere else."""
    if isinstance(address, IPv6Address):
        number = int(address)
        if any(address in network for network in UNWRAPPED):
            return is_public(IPv4Address(number & 0xFFFFFFFF))
        if address not in UNICAST or any(address in network for network in TUNNELS):
            return False
        if number >> 32 & 0xFFFFFFFF in ISATAP:
            return False
    return address.is_global and not address.is_multicast
