"""A comparison that cannot fail would make every row green."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.campaigns import world
from tests.campaigns.kinds import KINDS
from tests.campaigns.world import Item, World, compare, steady


def item(name: str, kind: str = "ec2 Vpcs", *, known: bool = True, **settings: Any) -> Item:
    return kind, name, json.dumps({"in_state": known, **settings}, sort_keys=True)


def test_equal_worlds_do_not_differ() -> None:
    world = World([item("main"), item("a", "kms Keys"), item("a", "kms Keys")])
    difference = compare(world, World(world))
    assert not difference
    assert difference.lost == []


def test_a_thing_that_was_made_twice_is_lost() -> None:
    difference = compare(World([item("main")]), World([item("main"), item("main", known=False)]))
    assert difference
    assert difference.lost == ["ec2 Vpcs main"]
    assert difference.lines() == ['+ ec2 Vpcs main {"in_state": false}']


def test_a_thing_made_twice_and_twice_in_states_is_lost() -> None:
    assert compare(World([item("main")]), World([item("main"), item("main")])).lost == ["ec2 Vpcs main"]


def test_a_thing_that_no_state_holds_any_more_is_lost() -> None:
    assert compare(World([item("main")]), World([item("main", known=False)])).lost == ["ec2 Vpcs main"]


def test_an_unexpected_thing_is_lost() -> None:
    assert compare(World(), World([item("main", known=False)])).lost == ["ec2 Vpcs main"]


def test_a_missing_thing_and_other_settings_are_differences_but_not_lost() -> None:
    missing = compare(World([item("main")]), World())
    assert missing
    assert missing.lost == []
    assert missing.lines() == ['- ec2 Vpcs main {"in_state": true}']
    changed = compare(World([item("main", cidr="10.0.0.0/16")]), World([item("main", cidr="10.1.0.0/16")]))
    assert changed
    assert changed.lost == []


def test_what_no_state_held_before_either_is_not_lost() -> None:
    """Log groups that services make, models that releases make."""
    world = World([item("log", known=False)])
    assert not compare(world, World(world))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mlops-local-candidate-r20261201-080000-1a2b", "mlops-local-candidate-<run>"),
        ("mlops-local-reviews-0a1b2c3d-v1", "mlops-local-reviews-<hash>-v1"),
        ("vpc-0123456789abcdef0 and sg-12345678", "vpc-<id> and sg-<id>"),
        ("http://127.0.0.1:4566/123456789012/queue", "http://<aws>/123456789012/queue"),
        ("API-Gateway-Execution-Logs_si8nyx3tnm/v1", "API-Gateway-Execution-Logs_<api>/v1"),
        ("mlops-local-reviews", "mlops-local-reviews"),
    ],
)
def test_what_is_new_each_time_is_replaced_and_nothing_else(text: str, meant: str) -> None:
    assert steady(text) == meant


class FakeS3:
    class exceptions:
        class NoSuchBucket(Exception):
            pass

    def __init__(self, objects: dict[str, str]) -> None:
        self._objects = objects

    def list_objects_v2(self, Bucket: str) -> dict[str, Any]:
        return {"Contents": [{"Key": key} for key in self._objects]} if self._objects else {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._objects[Key].encode())}


class FakeVpcs:
    def __init__(self, *ids: str) -> None:
        self._ids = ids

    def can_paginate(self, operation: str) -> bool:
        return False

    def describe_vpcs(self) -> dict[str, Any]:
        tags = [{"Key": "Name", "Value": "main"}]
        return {
            "Vpcs": [
                {"VpcId": each, "CidrBlock": "10.0.0.0/16", "IsDefault": False, "Tags": tags} for each in self._ids
            ]
        }


def state(*ids: str) -> str:
    instances = [{"attributes": {"id": each}} for each in ids]
    resource = {"mode": "managed", "module": "module.vpc", "type": "aws_vpc", "name": "this", "instances": instances}
    return json.dumps({"resources": [resource]})


def test_seeing_finds_the_orphan_beside_the_one_that_the_state_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "KINDS", [kind for kind in KINDS if kind.name == "ec2 Vpcs"])

    def seen(*vpcs: str) -> World:
        clients = {"s3": FakeS3({"foundation.tfstate": state("vpc-11111111")}), "ec2": FakeVpcs(*vpcs)}
        return world.see(clients.__getitem__, "states")

    whole = seen("vpc-11111111")
    assert not compare(whole, seen("vpc-11111111"))
    assert compare(whole, seen("vpc-11111111", "vpc-22222222")).lost == ["ec2 Vpcs main"]
    assert compare(whole, seen("vpc-22222222")).lost == ["ec2 Vpcs main"], "the state has one that is not there"


def test_a_value_that_is_known_to_differ_is_named_by_its_word_and_no_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "KINDS", [kind for kind in KINDS if kind.name == "ec2 Vpcs"])
    clients = {"s3": FakeS3({}), "ec2": FakeVpcs("vpc-11111111")}
    (known,) = world.see(clients.__getitem__, "states", known={"wanted": "10.0.0.0/16"})
    (other,) = world.see(clients.__getitem__, "states", known={"wanted": "10.1.0.0/16"})
    assert '"CidrBlock": "wanted"' in known[2]
    assert '"CidrBlock": "10.0.0.0/16"' in other[2]


def test_a_state_that_lacks_a_resource_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "KINDS", [])
    one, two = (
        world.see({"s3": FakeS3({"foundation.tfstate": state(*ids)})}.__getitem__, "states")
        for ids in (("vpc-1",), ("vpc-1", "vpc-2"))
    )
    assert compare(two, one)


def test_locks_are_seen() -> None:
    s3 = FakeS3({"foundation.tfstate": "{}", "data.tfstate.tflock": "{}"})
    assert world.locks(lambda service: s3, "states") == ["data.tfstate.tflock"]
