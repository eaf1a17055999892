from __future__ import annotations

import re
from pathlib import Path

import pytest

from tooling.hcl import tree as hcl
from tooling.quality.mutations import catch, generate

REPO = Path(__file__).resolve().parents[5]
CODE = """\
variable "days" {
  type = number

  validation {
    condition     = var.days > 0
    error_message = "days must be positive"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "group"
  retention_in_days = var.days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role_policy" "this" {
  name = "policy"
  policy = jsonencode({
    Statement = [{
      Sid       = "Read"
      Effect    = "Allow"
      Action    = ["s3:GetObject"]
      Resource  = var.bucket_arn
      Condition = { StringEquals = { "aws:A" = "a", "aws:B" = "b" }, Bool = { "aws:C" = "true" } }
    }]
  })
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "modules" / "one").mkdir(parents=True)
    (tmp_path / "modules" / "one" / "main.tf").write_text(CODE, encoding="utf-8")
    return tmp_path / "modules" / "one"


def test_every_setting_is_weakened_alone(tmp_path: Path, folder: Path) -> None:
    generated = generate.of_folder(tmp_path, folder)
    assert generated.unknown == []
    assert [(each.address, each.category, each.change) for each in generated.mutants] == [
        ("variable.days.validation", "input guards", "removed"),
        ("aws_cloudwatch_log_group.this", "missing resource", "removed"),
        ("aws_cloudwatch_log_group.this.retention_in_days", "retention", "removed"),
        ("aws_cloudwatch_log_group.this.kms_key_id", "encryption", "removed"),
        ("aws_iam_role_policy.this[Read].Action", "IAM", '"s3:*"'),
        ("aws_iam_role_policy.this[Read].Resource", "IAM", '"*"'),
        ("aws_iam_role_policy.this[Read].Condition.StringEquals.aws:A", "IAM", "removed"),
        ("aws_iam_role_policy.this[Read].Condition.StringEquals.aws:B", "IAM", "removed"),
        ("aws_iam_role_policy.this[Read].Condition.Bool.aws:C", "IAM", "removed"),
    ]


def test_a_mutant_changes_what_it_says_and_nothing_else(tmp_path: Path, folder: Path) -> None:
    by_name = {each.address: each for each in generate.of_folder(tmp_path, folder).mutants}
    without_key = by_name["aws_cloudwatch_log_group.this.kms_key_id"].applied(CODE)
    assert without_key == CODE.replace("  kms_key_id        = var.kms_key_arn\n", "")
    one_less = by_name["aws_iam_role_policy.this[Read].Condition.StringEquals.aws:A"].applied(CODE)
    assert '{ StringEquals = { "aws:B" = "b" }' in re.sub(r"\s+", " ", one_less)


def test_an_attribute_of_unknown_kind_is_reported(tmp_path: Path, folder: Path) -> None:
    (folder / "new.tf").write_text('resource "aws_new" "this" {\n  open_to_world = true\n}\n', encoding="utf-8")
    assert generate.of_folder(tmp_path, folder).unknown == ["modules/one: aws_new.open_to_world"]


@pytest.mark.full
def test_every_mutant_of_the_platform_can_still_be_read() -> None:
    terraform = REPO / "terraform"
    for folder in catch.folders(terraform):
        for mutant in generate.of_folder(terraform, folder).mutants:
            text = (folder / mutant.file).read_text(encoding="utf-8")
            assert mutant.applied(text) != text, mutant.name
            assert len(hcl.read(mutant.applied(text))) >= len(hcl.read(text)) - 1, mutant.name
