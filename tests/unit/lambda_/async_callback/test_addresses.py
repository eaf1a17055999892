"""Compare the two implementations of the rule for webhook addresses, which may not import each other."""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import Any

import pytest

from async_callback.addresses import is_public as is_public_for_callbacks
from orchestrator.config.model.async_inference import webhook_refusal
from orchestrator.config.rules import public_addresses

Judge = Callable[[Any], bool]
PRIVATE = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29",
    "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
    "240.0.0.0/4",
    "169.254.169.254/32", "169.254.170.2/32", "169.254.169.253/32", "255.255.255.255/32",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "169.253.255.255"]
UNWRAPPED: dict[str, Callable[[int], int]] = {
    "mapped": lambda v4: 0xFFFF << 32 | v4,
    "NAT64": lambda v4: 0x64FF9B << 96 | v4,
}
REFUSED: dict[str, Callable[[int], int]] = {
    "compatible": lambda v4: v4,
    "translated": lambda v4: 0xFFFF << 48 | v4,
    "NAT64 of a network, /96": lambda v4: 0x64FF9B0001 << 80 | v4,
    "NAT64 of a network, /48": lambda v4: 0x64FF9B0001 << 80 | v4 >> 16 << 64 | (v4 & 0xFFFF) << 40,
    "NAT64 of a network, /64": lambda v4: 0x64FF9B0001 << 80 | v4 << 24,
    "6to4": lambda v4: 0x2002 << 112 | v4 << 80 | 1,
    "Teredo, client": lambda v4: 0x20010000 << 96 | 0x5DB8D70E << 64 | (v4 ^ 0xFFFFFFFF),
    "Teredo, server": lambda v4: 0x20010000 << 96 | v4 << 64 | (0x5DB8D70E ^ 0xFFFFFFFF),
    "ISATAP": lambda v4: 0x2606470000000001 << 64 | 0x5EFE << 32 | v4,
    "ISATAP, global": lambda v4: 0x2606470000000001 << 64 | 0x02005EFE << 32 | v4,
    "ISATAP, link-local": lambda v4: 0xFE80 << 112 | 0x5EFE << 32 | v4,
}


@pytest.fixture(params=["orchestrator", "lambda"])
def judge(request: pytest.FixtureRequest) -> Judge:
    if request.param == "orchestrator":
        return public_addresses.is_public
    return is_public_for_callbacks


def ends(network: str) -> list[int]:
    block = IPv4Network(network)
    return [int(block[0]), int(block[block.num_addresses // 2]), int(block[-1])]


def test_no_notation_of_a_private_address_is_public(judge: Judge) -> None:
    for network in PRIVATE:
        for number in ends(network):
            assert not judge(IPv4Address(number)), network
            for name, wrap in {**UNWRAPPED, **REFUSED}.items():
                assert not judge(IPv6Address(wrap(number))), f"{name} of {IPv4Address(number)}"


def test_an_address_is_judged_by_the_address_it_embeds(judge: Judge) -> None:
    for text in PUBLIC:
        number = int(IPv4Address(text))
        assert judge(IPv4Address(text))
        for name, wrap in UNWRAPPED.items():
            assert judge(IPv6Address(wrap(number))), f"{name} of {text}"
        for name, wrap in REFUSED.items():
            assert not judge(IPv6Address(wrap(number))), f"{name}: it is never needed"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("2606:4700:4700::1111", True),
        ("2a00:1450:4001:829::200e", True),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),  # instance metadata over IPv6
        ("fec0::1", False),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("100::1", False),
        ("2001:db8::1", False),
        ("4000::1", False),
    ],
)
def test_native_ipv6(judge: Judge, address: str, public: bool) -> None:
    assert judge(ip_address(address)) is public


def test_both_implementations_agree_on_any_address() -> None:
    other = is_public_for_callbacks
    draw = random.Random(20260101)
    wraps = [*UNWRAPPED.values(), *REFUSED.values()]
    for _ in range(3000):
        v4 = draw.getrandbits(32)
        for address in (IPv4Address(v4), IPv6Address(draw.choice(wraps)(v4)), IPv6Address(draw.getrandbits(128))):
            assert public_addresses.is_public(address) is other(address), address


def test_a_blueprint_must_not_name_a_private_address() -> None:
    for network in PRIVATE:
        for number in ends(network):
            for wrap in ({**UNWRAPPED, **REFUSED}).values():
                assert webhook_refusal(f"https://[{IPv6Address(wrap(number))}]/hook", local=False)
    for host in ("127.1", "0x7f.1", "2130706433", "0x7f000001", "10.0.0.0x1", "127.0.0.1.", "017700000001"):
        assert webhook_refusal(f"https://{host}/hook", local=False), host
    for host in ("example.com", "hooks.4711.example", "[64:ff9b::5db8:d70e]", "93.184.215.14"):
        assert webhook_refusal(f"https://{host}/hook", local=False) is None, host
