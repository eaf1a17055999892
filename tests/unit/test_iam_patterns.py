"""Patterns of IAM are read in three places that may not import one another: one table holds for all of them."""

from __future__ import annotations

import ast
import gzip
import json
from functools import cache
from pathlib import Path

import botocore
import iampatterns
import pytest

from emulator.services.iam.policy.patterns import pattern
from orchestrator.risk.grants import Term
from orchestrator.risk.narrowing import narrows as narrows_in_risks

REPO = Path(__file__).resolve().parents[2]
NAMED_OTHERWISE = {"s3:PutAccessPointPolicy"}
"""Of another interface than the service's own (`s3control`)."""
ACTIONS = [
    ("iam:PassRole", "iam:PassRole", True),
    ("IAM:passROLE", "iam:PassRole", True),
    ("iam:Passrol?", "iam:PassRole", True),
    ("iam:PassRole?", "iam:PassRole", False),
    ("?am:PassRole", "iam:PassRole", True),
    ("i*:Pass*", "iam:PassRole", True),
    ("iam:*Role", "iam:PassRole", True),
    ("*", "iam:PassRole", True),
    ("*:*", "iam:PassRole", True),
    ("**", "iam:PassRole", True),
    ("iam.PassRole", "iam:PassRole", False),
    ("iam:Pass", "iam:PassRole", False),
    ("iam:[Pp]assRole", "iam:PassRole", False),
    ("iam:(PassRole)", "iam:PassRole", False),
    ("s3:Get*Acl", "s3:GetObjectAcl", True),
    ("s3:Get*Acl", "s3:GetObject", False),
]
RESOURCES = [
    ("arn:aws:s3:::data/*", "arn:aws:s3:::data/raw/a.csv", True),
    ("arn:aws:s3:::data/*", "arn:aws:s3:::DATA/raw/a.csv", False),
    ("arn:aws:s3:::data/*", "arn:aws:s3:::data", False),
    ("arn:aws:s3:::data?", "arn:aws:s3:::data1", True),
    ("arn:aws:s3:::*", "arn:aws:s3:::data/line\nbreak", True),
    ("arn:*", "arn:aws:iam::123456789012:role/a", True),
    ("arn:aws:s3:::a.c", "arn:aws:s3:::abc", False),
    ("arn:aws:s3:::a+", "arn:aws:s3:::aa", False),
    ("arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:role/path/name", True),
    ("", "arn:aws:s3:::data", False),
]
CONDITIONS: list[tuple[str, list[str], bool]] = [
    ("StringEquals", ["123456789012"], True),
    ("stringlike", ["o-a1b2c3*"], True),
    ("ForAnyValue:StringLike", ["o-a1b2c3/*"], True),
    ("ArnLike", ["arn:aws:s3:::data"], True),
    ("ArnLike", ["arn:aws:*:*:123456789012:*"], True),
    ("ArnLike", ["arn:aws:events:eu-west-1:123456789012:rule/*"], True),
    ("StringLike", ["*"], False),
    ("StringLike", ["**"], False),
    ("StringLike", ["?*"], False),
    ("StringLike", ["123456789012", "*"], False),
    ("StringLike", ["1*"], False),
    ("ArnLike", ["arn:*"], False),
    ("ArnLike", ["arn:aws:*:*:*:*"], False),
    ("ArnLike", ["arn:aws:s3:::*"], False),
    ("ArnLike", ["arn:aws:iam::*:role/*"], False),
    ("StringEqualsIfExists", ["123456789012"], False),
    ("ForAllValues:StringEquals", ["123456789012"], False),
    ("Null", ["false"], False),
    ("StringNotEquals", ["123456789012"], False),
    ("StringNotLike", ["*"], False),
    ("IpAddress", ["10.0.0.0/8"], True),
    ("IpAddress", ["0.0.0.0/0"], False),
    ("IpAddress", ["10.0.0.0/8", "::/0"], False),
    ("StringEquals", [], False),
]


def no_variables(name: str) -> str:
    raise AssertionError(f"a variable {name}")


@pytest.mark.parametrize(("wide", "name", "matches"), ACTIONS)
def test_patterns_of_actions(wide: str, name: str, matches: bool) -> None:
    assert iampatterns.acts(wide, name) == matches
    assert Term(wide).lower().covers(Term(name).lower()) == matches
    assert bool(pattern(wide).glob(no_variables, ignore_case=True).fullmatch(name)) == matches


@pytest.mark.parametrize(("wide", "name", "matches"), RESOURCES)
def test_patterns_of_resources(wide: str, name: str, matches: bool) -> None:
    assert iampatterns.matches(wide, name) == matches
    assert Term(wide).covers(Term(name)) == matches
    assert bool(pattern(wide).glob(no_variables).fullmatch(name)) == matches


@pytest.mark.parametrize(("operator", "values", "narrow"), CONDITIONS)
def test_conditions_that_exclude_principals(operator: str, values: list[str], narrow: bool) -> None:
    assert iampatterns.narrows(operator, values) == narrow
    assert narrows_in_risks(operator, values) == narrow


@pytest.mark.parametrize(
    ("resource", "action", "all_of_them"),
    [
        ("*", "iam:PassRole", True),
        ("arn:aws:iam::*:role/*", "iam:PassRole", True),
        ("arn:aws:iam::123456789012:r?le/*", "iam:PassRole", True),
        ("arn:aws:*:*:*:*", "sts:AssumeRole", True),
        ("arn:aws:lambda:*:*:function:*", "lambda:UpdateFunctionCode", True),
        ("arn:aws:ec2:*:*:instance/*", "ssm:SendCommand", True),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:*", "iam:PassRole", False),
        ("arn:aws:iam::123456789012:role/mlops-*", "iam:PassRole", False),
        ("${local.role_arn}", "iam:PassRole", False),
        ("arn:${data.aws_partition.current.partition}:iam::${var.account}:role/${var.prefix}-*", "iam:PassRole", False),
        ("var.bucket/*", "s3:PutBucketPolicy", False),
    ],
)
def test_all_that_an_action_can_be_done_to(resource: str, action: str, all_of_them: bool) -> None:
    assert iampatterns.everything_for(action, [resource]) == all_of_them


def test_every_action_that_gives_rights_is_one_of_aws() -> None:
    """A typing mistake in the rule's list would hide an action; services call it as their interface does."""
    tree = ast.parse((REPO / "policies/checks/iam_escalation.py").read_text(encoding="utf-8"))
    [text] = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and ast.unparse(node.targets[0]) == "_ACTIONS"
    ]
    unknown = {
        action
        for action in str(text).split()
        if action not in NAMED_OTHERWISE and action.partition(":")[2] not in _operations(action.partition(":")[0])
    }
    assert unknown == set()


@cache
def _operations(service: str) -> set[str]:
    folder = {"states": "stepfunctions", "s3": "s3"}.get(service, service)
    file = max((Path(botocore.__file__).parent / "data" / folder).glob("*/service-2.json.gz"))
    return set(json.loads(gzip.decompress(file.read_bytes()))["operations"])
