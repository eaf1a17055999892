from __future__ import annotations

import pytest

from tests.unit.orchestrator.risk.conftest import Found, change


@pytest.mark.parametrize("type_", ["aws_vpc", "aws_subnet", "aws_vpc_ipv4_cidr_block_association"])
def test_other_addresses_are_a_risk(found: Found, type_: str) -> None:
    before, after = {"cidr_block": "10.2.0.0/16"}, {"cidr_block": "10.0.0.0/16"}
    assert found("network-change", change(type_, before, after, replace=True)) == ["10.2.0.0/16 becomes 10.0.0.0/16"]
    assert found("network-change", change(type_, before, None)) == ["10.2.0.0/16 is removed"]
    assert found("network-change", change(type_, None, after)) == []
    tagged = {**before, "tags": {}}
    assert found("network-change", change(type_, before, tagged)) == []
    assert found("network-change", change("aws_route", before, after)) == []


def test_unknown_addresses_count_as_changed(found: Found) -> None:
    before = {"cidr_block": "10.2.0.0/16", "ipv6_cidr_block": "2001:db8::/56"}
    planned = change("aws_vpc", before, {"tags": {}}, unknown={"cidr_block": True})
    assert found("network-change", planned) == ["10.2.0.0/16 becomes known only after the apply"]
