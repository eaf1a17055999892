"""Event patterns: each matcher as AWS documents it, on an event that has it and on one that has not."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.events.patterns import InvalidPattern, check, matches

EVENT: dict[str, Any] = {
    "source": "aws.glue",
    "detail": {
        "name": "Daily-etl",
        "count": 5,
        "ok": True,
        "none": None,
        "ip": "10.0.0.7",
        "tags": ["red", "blue"],
        "runs": [{"state": "FAILED"}, {"state": "DONE"}],
    },
}


@pytest.mark.parametrize(
    ("name", "matcher", "expected"),
    [
        ("name", ["Daily-etl"], True),
        ("name", ["other"], False),
        ("count", [5.0], True),
        ("count", ["5"], False),
        ("ok", [True], True),
        ("ok", [1], False),
        ("none", [None], True),
        ("name", [{"prefix": "Daily"}], True),
        ("name", [{"prefix": "daily"}], False),
        ("name", [{"prefix": {"equals-ignore-case": "daily"}}], True),
        ("name", [{"suffix": "-etl"}], True),
        ("name", [{"suffix": {"equals-ignore-case": "-ETL"}}], True),
        ("name", [{"equals-ignore-case": "daily-ETL"}], True),
        ("name", [{"wildcard": "D*-e*l"}], True),
        ("name", [{"wildcard": "D*x"}], False),
        ("name", [{"wildcard": r"D\*"}], False),
        ("name", [{"anything-but": "other"}], True),
        ("name", [{"anything-but": ["other", "Daily-etl"]}], False),
        ("name", [{"anything-but": {"prefix": "Dai"}}], False),
        ("name", [{"anything-but": {"prefix": ["x", "y"]}}], True),
        ("name", [{"anything-but": {"suffix": "-etl"}}], False),
        ("name", [{"anything-but": {"equals-ignore-case": "daily-etl"}}], False),
        ("name", [{"anything-but": {"wildcard": "*etl"}}], False),
        ("gone", [{"anything-but": "x"}], False),
        ("count", [{"numeric": [">", 0, "<=", 5]}], True),
        ("count", [{"numeric": ["=", 6]}], False),
        ("name", [{"numeric": [">", 0]}], False),
        ("ip", [{"cidr": "10.0.0.0/24"}], True),
        ("ip", [{"cidr": "10.0.1.0/24"}], False),
        ("name", [{"exists": True}], True),
        ("gone", [{"exists": True}], False),
        ("gone", [{"exists": False}], True),
        ("name", [{"exists": False}], False),
        ("tags", ["blue"], True),
        ("tags", ["green"], False),
        ("name", ["other", {"prefix": "Dai"}], True),
        ("runs", {"state": ["FAILED"]}, True),
        ("runs", {"state": ["NEW"]}, False),
        ("gone", {"deeper": [{"exists": False}]}, True),
    ],
)
def test_matcher(name: str, matcher: Any, expected: bool) -> None:
    assert matches({"detail": {name: matcher}}, EVENT) is expected


def test_every_field_must_match_and_or_is_a_choice() -> None:
    assert matches({"source": ["aws.glue"], "detail": {"count": [5]}}, EVENT)
    assert not matches({"source": ["aws.glue"], "detail": {"count": [6]}}, EVENT)
    either = {"$or": [{"detail": {"count": [6]}}, {"detail": {"ok": [True]}}]}
    assert matches({"source": ["aws.glue"], **either}, EVENT)
    assert not matches({"source": ["aws.s3"], **either}, EVENT)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ([], "not an object"),
        ({}, "Empty pattern"),
        ({"source": "aws.s3"}, '"source" must be an object or an array'),
        ({"source": []}, "Empty arrays"),
        ({"source": [{"preffix": "a"}]}, "Unrecognized match type preffix"),
        ({"source": [{"prefix": "a", "suffix": "b"}]}, "Only one key"),
        ({"source": [{"numeric": ["~", 1]}]}, "Unrecognized numeric range"),
        ({"source": [{"anything-but": {"numeric": ["=", 1]}}]}, "Unsupported anything-but"),
        ({"$or": [{"source": ["a"]}, {"source": "b"}]}, "must be an object or an array"),
    ],
)
def test_patterns_that_aws_rejects_are_rejected(pattern: Any, message: str) -> None:
    with pytest.raises(InvalidPattern, match=message):
        check(pattern)
