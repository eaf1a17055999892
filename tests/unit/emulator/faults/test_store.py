"""How often a fault fires, when it ends, which calls it matches, and which descriptions are refused."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.faults import store as faults
from emulator.faults.store import MOST_ARMED, BadFault, FaultStore, read

THROTTLE = {"kind": "throttle", "service": "ssm", "count": 1}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def fired(store: FaultStore, calls: int, *, name: str = "x") -> list[int]:
    """Return the numbers of the calls that were hit."""
    return [number for number in range(1, calls + 1) if store.hits("ssm", "GetParameter", [name])]


def test_a_fault_ends_after_its_count() -> None:
    store = FaultStore()
    assert not store.armed()
    store.arm({**THROTTLE, "count": 3})
    assert store.armed()
    assert fired(store, 10) == [1, 2, 3]
    assert not store.armed()
    assert [(f["seen"], f["fired"], f["over"]) for f in store.listed()] == [(3, 3, True)]


def test_a_fault_ends_after_its_seconds() -> None:
    clock = Clock()
    store = FaultStore(clock)
    store.arm({"kind": "throttle", "service": "ssm", "seconds": 5})
    assert fired(store, 2) == [1, 2]
    clock.now += 5
    assert fired(store, 2) == []


def test_every_nth_call_and_a_share_of_calls_are_hit_evenly() -> None:
    store = FaultStore()
    store.arm({**THROTTLE, "count": 3, "every": 3})
    assert fired(store, 12) == [3, 6, 9]
    store.disarm()
    store.arm({**THROTTLE, "count": 100, "share": 0.3})
    assert fired(store, 10) == [4, 7, 10]


@pytest.mark.parametrize(
    ("selected", "hit"),
    [
        ({}, True),
        ({"action": "Get*"}, True),
        ({"action": "PutParameter"}, False),
        ({"resource": "/mine/*"}, True),
        ({"resource": "/other/*"}, False),
        ({"service": "s3"}, False),
    ],
)
def test_service_action_and_resource_select(selected: dict[str, str], hit: bool) -> None:
    store = FaultStore()
    store.arm({**THROTTLE, **selected})
    assert bool(store.hits("ssm", "GetParameter", ["/mine/a"])) is hit
    assert store.listed()[0]["seen"] == int(hit)


def test_a_delay_combines_with_the_first_other_fault() -> None:
    store = FaultStore()
    store.arm({"kind": "slow", "service": "ssm", "count": 9, "delay_seconds": 1})
    store.arm({**THROTTLE, "kind": "malformed"})
    store.arm(THROTTLE)
    assert [f.kind for f in store.hits("ssm", "X", [])] == ["slow", "malformed"]
    assert [f.kind for f in store.hits("ssm", "X", [])] == ["slow", "throttle"]


def test_a_fault_of_a_service_hits_only_when_its_kind_is_queried() -> None:
    store = FaultStore()
    store.arm({"kind": "endpoint-update-rolls-back", "service": "sagemaker", "resource": "mine", "count": 1})
    assert store.hits("sagemaker", "UpdateEndpoint", ["mine"]) == []
    kinds = ("endpoint-update-rolls-back",)
    assert store.hits("sagemaker", "UpdateEndpoint", ["other"], kinds) == []
    assert [f.fired for f in store.hits("sagemaker", "UpdateEndpoint", ["mine"], kinds)] == [1]
    assert store.hits("sagemaker", "UpdateEndpoint", ["mine"], kinds) == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "described by a JSON object"),
        ({**THROTTLE, "colour": "red"}, "unknown member `colour`"),
        ({**THROTTLE, "kind": "meteor"}, "`kind` must be one of throttle, .*got 'meteor'"),
        ({"kind": "throttle", "count": 1}, "`service` must be a text, the name of one service, got '\\*'"),
        ({**THROTTLE, "resource": 3}, "`resource` must be a text, got 3"),
        ({"kind": "throttle", "service": "ssm"}, "must end by itself"),
        ({**THROTTLE, "count": 0}, "`count` must be a whole number from 1 to 10000, got 0"),
        ({**THROTTLE, "count": True}, "`count` must be a whole number"),
        ({**THROTTLE, "seconds": 3601}, "`seconds` must be a number above 0 to 3600, got 3601"),
        ({**THROTTLE, "share": 0}, "`share` must be a number above 0 to 1, got 0"),
        ({**THROTTLE, "share": 0.5, "every": 2}, "exclude each other"),
        ({**THROTTLE, "kind": "slow"}, "`delay_seconds` is required for `slow`"),
        ({**THROTTLE, "delay_seconds": 1}, "`delay_seconds` is required for `slow`"),
        ({**THROTTLE, "kind": "slow", "delay_seconds": 61}, "`delay_seconds` must be a number above 0 to 60, got 61"),
    ],
)
def test_an_invalid_description_is_refused_with_rule_and_value(document: Any, message: str) -> None:
    with pytest.raises(BadFault, match=message):
        read(document)


def test_the_number_of_armed_faults_is_limited_and_expired_ones_do_not_count() -> None:
    store = FaultStore()
    for _ in range(MOST_ARMED):
        store.arm(THROTTLE)
    with pytest.raises(BadFault, match=f"at most {MOST_ARMED}"):
        store.arm(THROTTLE)
    assert len(fired(store, 1)) == 1
    store.arm(THROTTLE)
    assert len(store.disarm()) == MOST_ARMED + 1
    assert store.listed() == []


def test_a_hit_is_linked_to_the_record_of_the_caller() -> None:
    from emulator.core.evidence import STORE

    caller = STORE.begin("lambda", "fn", pid=1, artifact_sha256="x")
    record = faults.record_hit(read(THROTTLE), "ssm", "GetParameter", "mine", caller.id)
    shown = STORE.as_dict(record)
    assert shown is not None
    assert (shown["parent"], shown["resource"], shown["status"]) == (caller.id, "mine", "succeeded")
    assert STORE.fidelity(caller.id) == "executed"
