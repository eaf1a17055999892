"""Which calls of a flaky service fail: as many as the rate says, and in every run the same."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.faults.flaky import Draw
from emulator.faults.store import BadFault, FaultStore, read

FLAKY = {"kind": "flaky", "service": "*", "rate": 0.05, "seed": 7, "seconds": 60}
CALLS = [("ec2", "DescribeVpcs", [f"vpc-{number}"]) for number in range(2000)]


def test_the_rate_is_met_and_both_errors_occur() -> None:
    draw = Draw(0.05, seed=1)
    drawn = [draw.next(*call) for call in CALLS]
    assert 70 <= sum(kind is not None for kind in drawn) <= 130
    assert {"throttle", "server-error"} <= set(drawn)


def test_the_same_calls_fail_in_any_order() -> None:
    forwards, backwards, other = Draw(0.05, seed=1), Draw(0.05, seed=1), Draw(0.05, seed=2)
    first = {str(call): forwards.next(*call) for call in CALLS}
    assert {str(call): backwards.next(*call) for call in reversed(CALLS)} == first
    assert {str(call): other.next(*call) for call in CALLS} != first


def test_a_repeated_call_is_drawn_again() -> None:
    draw = Draw(0.5, seed=3)
    assert len({draw.next("s3", "PutObject", ["key"]) for _ in range(20)}) == 3


def test_flaky_hits_every_aws_service_but_no_deployed_api_or_unsigned_request() -> None:
    store = FaultStore()
    store.arm({**FLAKY, "rate": 1, "errors": ["throttle"]})
    hits = [store.hits(service, "Get", ["x"]) for service in ("ec2", "iam", "execute-api", "")]
    assert [[hit.kind for hit in kinds] for kinds in hits] == [["throttle"], ["throttle"], [], []]
    (listed,) = store.listed()
    assert (listed["kind"], listed["seen"], listed["fired"], listed["rate"]) == ("flaky", 2, 2, 1)


def test_flaky_does_not_hit_callers_that_query_other_kinds() -> None:
    store = FaultStore()
    store.arm({**FLAKY, "rate": 1})
    assert store.hits("sagemaker", "UpdateEndpoint", ["x"], ["endpoint-update-rolls-back"]) == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({**FLAKY, "rate": 0}, "`rate` must be a number above 0 to 1, got 0"),
        ({**FLAKY, "seed": -1}, "`seed` must be a whole number from 0 to .*, got -1"),
        ({**FLAKY, "errors": ["meteor"]}, "`errors` must be a list of some of throttle, server-error, got "),
        ({**FLAKY, "errors": []}, "`errors` must be a list"),
        ({**FLAKY, "share": 0.5}, "`flaky` must have a `rate`, and neither `every` nor `share`"),
        ({"kind": "flaky", "service": "*", "seconds": 1}, "`flaky` must have a `rate`"),
        ({"kind": "flaky", "rate": 0.1, "seconds": 1}, "`service` must be a text, the name of one service or `\\*`"),
        ({"kind": "throttle", "service": "ssm", "count": 1, "rate": 0.1}, "`rate` is for `flaky` only, got 0.1"),
        ({"kind": "throttle", "service": "*", "count": 1}, "`service` must be a text, the name of one service, got"),
    ],
)
def test_an_invalid_description_is_refused_with_rule_and_value(document: Any, message: str) -> None:
    with pytest.raises(BadFault, match=message):
        read(document)
