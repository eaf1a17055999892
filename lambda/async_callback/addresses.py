"""Decide which IP addresses are public. Pure.

An IPv6 address may embed an IPv4 address that a gateway unwraps. Forms in use today (NAT64, which DNS64 creates for
ordinary names, and mapped addresses) are judged by the embedded address. Obsolete forms are refused: IPv4-compatible
and translated addresses, network-specific NAT64 prefixes, 6to4, Teredo and ISATAP.

`orchestrator/config/rules/public_addresses.py` applies the same rule to configuration files; this module checks again
at call time.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

UNICAST = ip_network("2000::/3")
"""All IPv6 addresses allocated for the public internet; other prefixes have other purposes."""
UNWRAPPED = (ip_network("64:ff9b::/96"), ip_network("::ffff:0:0/96"))
"""NAT64 and mapped addresses: the last 32 bits are the IPv4 address."""
TUNNELS = (ip_network("2001::/32"), ip_network("2002::/16"))
"""Teredo and 6to4, which lie within the unicast prefix."""
ISATAP = (0x00005EFE, 0x02005EFE)
"""Marker before the IPv4 address in the last 64 bits, under any prefix."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is public, including any IPv4 address that it embeds."""
    if isinstance(address, IPv6Address):
        number = int(address)
        if any(address in network for network in UNWRAPPED):
            return is_public(IPv4Address(number & 0xFFFFFFFF))
        if address not in UNICAST or any(address in network for network in TUNNELS):
            return False
        if number >> 32 & 0xFFFFFFFF in ISATAP:
            return False
    return address.is_global and not address.is_multicast
