"""Decide whether an IP address is public. Pure.

An IPv6 address can contain an IPv4 address that a gateway unwraps. The IPv4 address is checked in formats that are in
use (mapped addresses, and NAT64, which DNS64 creates for ordinary names). Obsolete formats are rejected:
IPv4-compatible and translated addresses, network-specific NAT64, 6to4, Teredo, ISATAP.

`lambda/async_callback/addresses.py` has the same rule: that function is a separate package, and checks again after it
has resolved the host of a webhook.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

UNICAST = ip_network("2000::/3")
"""The part of IPv6 that is assigned for the internet; all other prefixes have other uses."""
UNWRAPPED = (ip_network("64:ff9b::/96"), ip_network("::ffff:0:0/96"))
"""NAT64 and mapped addresses: the last 32 bits are the IPv4 address."""
TUNNELS = (ip_network("2001::/32"), ip_network("2002::/16"))
"""Teredo and 6to4, which are part of the unicast prefix."""
ISATAP = (0x00005EFE, 0x02005EFE)
"""Marks before the IPv4 address in the last 64 bits, with any prefix."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is reachable only through the internet."""
    if isinstance(address, IPv6Address):
        number = int(address)
        if any(address in network for network in UNWRAPPED):
            return is_public(IPv4Address(number & 0xFFFFFFFF))
        if address not in UNICAST or any(address in network for network in TUNNELS):
            return False
        if number >> 32 & 0xFFFFFFFF in ISATAP:
            return False
    return address.is_global and not address.is_multicast
