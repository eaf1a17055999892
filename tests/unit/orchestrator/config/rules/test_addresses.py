from __future__ import annotations

import ipaddress
from itertools import combinations
from pathlib import Path

import pytest

from orchestrator.config import load
from orchestrator.config.model.platform import ExistingNetwork, Network
from orchestrator.config.rules import addresses
from orchestrator.config.rules.addresses import Subnet

REPO = Path(__file__).resolve().parents[5]
EXISTING = ExistingNetwork(
    vpc_id="vpc-0123456789abcdef0", private_subnet_ids=["subnet-0a0123456789abcde", "subnet-0b0123456789abcde"]
)


def test_the_plan_is_the_network_modules() -> None:
    """The same blocks that `terraform test` of modules/vpc asserts."""
    assert addresses.subnets(Network()) == (
        Subnet("public", 0, "10.0.0.0/20", 4091),
        Subnet("public", 1, "10.0.16.0/20", 4091),
        Subnet("private", 0, "10.0.64.0/20", 4091),
        Subnet("private", 1, "10.0.80.0/20", 4091),
    )


def test_isolated_subnets_and_a_third_zone_move_no_subnet() -> None:
    small = set(addresses.subnets(Network(cidr="10.8.0.0/20")))
    large = set(addresses.subnets(Network(cidr="10.8.0.0/20", availability_zones=3, isolated_subnets=True)))
    assert small < large
    assert {subnet.cidr for subnet in large if subnet.tier == "isolated"} == {
        "10.8.8.0/24",
        "10.8.9.0/24",
        "10.8.10.0/24",
    }
    assert {subnet.usable for subnet in large} == {251}


def test_an_existing_network_is_not_cut() -> None:
    assert addresses.subnets(Network(use_existing=EXISTING)) == ()


def test_environments_that_may_be_peered_do_not_overlap() -> None:
    networks = [ipaddress.ip_network(load(REPO, name).platform.network.cidr) for name in ("dev", "staging", "prod")]
    assert not [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize(
    ("block", "rule"),
    [
        ("10.0.0.0/16", None),
        ("100.64.0.0/16", None),
        ("10.0.0.0/21", "must be an IPv4 block from /16 to /20"),
        ("fd00::/16", "must be an IPv4 block from /16 to /20"),
        ("172.32.0.0/16", "must be in a private range"),
        ("172.17.0.0/16", "overlaps 172.17.0.0/16"),
    ],
)
def test_ranges_that_are_refused(block: str, rule: str | None) -> None:
    broken = addresses.refusal(ipaddress.ip_network(block))
    assert (broken is None) if rule is None else str(broken).startswith(rule)
