"""Condition operators, one line for each fact of the reference."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.iam.policy.conditions import Context, all_hold, parse


def holds(operator: str, expected: Any, value: Any, key: str = "aws:k") -> bool:
    conditions = parse({operator: {key: expected}}, variables=True)
    verdict, undecided = all_hold(conditions, Context.complete({key: value, "aws:other": "ada"}))
    assert not undecided
    return verdict


@pytest.mark.parametrize(
    ("operator", "expected", "value", "verdict"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "${aws:other}", "ada", True),
        ("StringEquals", "${aws:missing}", "ada", False),
        ("StringEquals", "a", None, False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", None, True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "data/*", "data/raw/x", True),
        ("StringLike", "data/?", "data/raw", False),
        ("StringLike", "data/*", "logs/data/", False),
        ("StringNotLike", "data/*", "logs", True),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", "b", False),
        ("Null", "true", None, True),
        ("Null", "false", None, False),
        ("Null", True, "x", False),
        ("Null", "false", "x", True),
        ("Bool", "true", True, True),
        ("Bool", "false", True, False),
        ("Bool", False, "false", True),
        ("Bool", "true", None, False),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", 10, 10, True),
        ("NumericGreaterThan", "10", "many", False),
        ("NumericEquals", "1.0", "1", True),
        ("NumericNotEquals", "1", "2", True),
        ("NumericGreaterThanEquals", "3", "3", True),
        ("DateLessThan", "2026-12-01T00:00:00Z", "2026-11-01T00:00:00Z", True),
        ("DateGreaterThan", "1700000000", "2026-11-01T00:00:00Z", True),
        ("DateEquals", "2026-11-01", "2026-11-01T00:00:00Z", True),
        ("DateGreaterThanEquals", "2026-11-02", "2026-11-01T00:00:00Z", False),
        ("IpAddress", "10.0.0.0/8", "10.2.3.4", True),
        ("IpAddress", ["192.168.0.0/16", "127.0.0.1"], "127.0.0.1", True),
        ("NotIpAddress", "10.0.0.0/8", "10.2.3.4", False),
        ("IpAddress", "2001:db8::/32", "10.2.3.4", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("ArnLike", "arn:aws:sns:*:1:t-*", "arn:aws:sns:us-east-1:1:t-x", True),
        ("ArnLike", "arn:aws:*:t-x", "arn:aws:sns:us-east-1:1:t-x", False),
        ("ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::bucket/k:v", True),
        ("ArnNotEquals", "arn:aws:s3:::b", "arn:aws:s3:::c", True),
        ("ArnNotLike", "arn:aws:s3:::*", "arn:aws:s3:::c", False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAllValues:StringNotEquals", ["a"], ["b", "c"], True),
        ("ForAllValues:StringNotEquals", ["a"], ["b", "a"], False),
        ("ForAnyValue:StringEquals", ["a"], ["c", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], ["c"], False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAnyValue:StringLike", ["a*"], ["c", "ab"], True),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringEqualsIfExists", ["a"], None, True),
    ],
)
def test_an_operator_compares_as_the_reference_says(operator: str, expected: Any, value: Any, verdict: bool) -> None:
    assert holds(operator, expected, value) is verdict


def test_names_of_keys_ignore_case() -> None:
    conditions = parse({"StringEquals": {"AWS:principaltag/Team": "x"}}, variables=True)
    assert all_hold(conditions, Context.complete({"aws:PrincipalTag/team": "x"})) == (True, frozenset())


def test_all_conditions_must_hold() -> None:
    conditions = parse({"StringEquals": {"a:a": "1", "a:b": "2"}, "Bool": {"a:c": "true"}}, variables=True)
    assert all_hold(conditions, Context.complete({"a:a": "1", "a:b": "2", "a:c": True}))[0]
    assert not all_hold(conditions, Context.complete({"a:a": "1", "a:b": "2", "a:c": False}))[0]


def test_a_failing_condition_decides_whatever_else_is_unknown() -> None:
    conditions = parse({"StringEquals": {"a:unknown": "1", "a:b": "2"}}, variables=True)
    assert all_hold(conditions, Context({"a:b": "3"})) == (False, frozenset())
    assert all_hold(conditions, Context({"a:b": "2"})) == (True, frozenset({"a:unknown"}))


def test_a_key_can_be_ruled_out_by_pattern() -> None:
    conditions = parse({"Null": {"aws:RequestTag/x": "true"}}, variables=True)
    assert all_hold(conditions, Context({}, absent=("aws:requesttag/*",))) == (True, frozenset())
    assert all_hold(conditions, Context({})) == (True, frozenset({"aws:requesttag/x"}))


def test_an_unknown_variable_leaves_the_condition_undecided() -> None:
    conditions = parse({"StringEquals": {"a:b": "${aws:unknown-key}"}}, variables=True)
    assert all_hold(conditions, Context({"a:b": "2"})) == (True, frozenset({"aws:unknown-key"}))
