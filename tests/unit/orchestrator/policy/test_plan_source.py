"""A plan's skips and unknown values are found in its source and document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.policy import skips
from orchestrator.policy.plan_source import PlanSource, as_yaml, inside

MODULE = """\
resource "aws_iam_role" "this" {
  # checkov:skip=MLOPS_IAM_1,CKV_AWS_1: made together with the boundary
  name = "r"
}

data "aws_iam_policy_document" "this" {
  # checkov:skip=CKV_AWS_111: read only
}

resource "aws_iam_role" "other" {
  name = "o"
}
"""


@given(st.text(max_size=80))  # as a key: YAML accepts at most 1,024 characters, escapes included
@example("\U0001f600\x7f\x85\u2028\ufeff\uffff\\ud83d")
def test_checkov_reads_any_text_of_a_plan_as_it_is(text: str) -> None:
    """An emoji in a system prompt must not fail a deployment."""
    document = {"value": text, text: json.dumps(text, ensure_ascii=False)}
    assert yaml.safe_load(as_yaml(document)) == json.loads(as_yaml(document)) == document


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for folder in ("root", "modules/inner"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "modules" / "inner" / "roles.tf").write_text(MODULE, encoding="utf-8")
    (tmp_path / "root" / "main.tf").write_text('resource "aws_iam_role" "this" {\n}\n', encoding="utf-8")
    skips.forget()
    return tmp_path


def plan(source: Path, changes: list[dict[str, Any]] | None = None) -> PlanSource:
    document = {
        "configuration": {
            "root_module": {"module_calls": {"outer": {"source": "../modules/inner", "module": {"resources": []}}}}
        },
        "resource_changes": changes or [],
    }
    return PlanSource(document, source / "root")


@pytest.mark.parametrize(
    ("address", "rule", "reason"),
    [
        ("module.outer.aws_iam_role.this", "MLOPS_IAM_1", "made together with the boundary"),
        ('module.outer["a.b"].aws_iam_role.this[0]', "CKV_AWS_1", "made together with the boundary"),
        ("module.outer.data.aws_iam_policy_document.this", "CKV_AWS_111", "read only"),
        ("module.outer.aws_iam_role.other", "MLOPS_IAM_1", None),
        ("module.outer.aws_iam_role.this", "CKV_AWS_2", None),
        ("module.unknown.aws_iam_role.this", "MLOPS_IAM_1", None),
    ],
)
def test_a_skip_is_found_by_module_type_and_name(source: Path, address: str, rule: str, reason: str | None) -> None:
    assert plan(source).skip_reason(address, rule) == reason


def test_a_skip_in_a_module_does_not_excuse_the_same_name_elsewhere(source: Path) -> None:
    assert plan(source).skip_reason("aws_iam_role.this", "MLOPS_IAM_1") is None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["s3_target/path"], True),
        (["s3_target/path", "name"], False),
        (["name"], False),
        ([], False),
    ],
)
def test_only_attributes_that_are_all_unknown_leave_a_rule_undecided(
    source: Path, keys: list[str], expected: bool
) -> None:
    change = {
        "address": "aws_glue_crawler.this",
        "change": {"after_unknown": {"s3_target": [{}, {"path": True}], "name": False}},
    }
    assert plan(source, [change]).is_unknown("aws_glue_crawler.this", keys) is expected


def test_a_resource_without_changes_has_nothing_unknown(source: Path) -> None:
    assert plan(source).is_unknown("aws_glue_crawler.this", ["name"]) is False


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("aws_iam_role.this[0]", ([], "aws_iam_role.this")),
        ('module.a.module.b["x.y"].data.aws_region.now', (["a", "b"], "data.aws_region.now")),
        ("module.data.aws_iam_role.this", (["data"], "aws_iam_role.this")),
        ("module.module.data.aws_region.now", (["module"], "data.aws_region.now")),
    ],
)
def test_modules_of_any_name_are_split_from_an_address(address: str, expected: tuple[list[str], str]) -> None:
    assert inside(address) == expected
