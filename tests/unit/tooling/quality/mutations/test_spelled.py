"""A respelt weakening is the same weakening: Terraform itself evaluates what it means."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tooling.hcl import tree as hcl
from tooling.quality.mutations import catch, generate, pool, spelled
from tooling.quality.mutations.mutant import Kind, Mutant

REPO = Path(__file__).resolve().parents[5]
LEAST = 3
CODE = """\
variable "days" {
  type = number

  validation {
    condition     = var.days > 0
    error_message = "days must be positive"
  }
}

resource "aws_sqs_queue" "this" {
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags

  dynamic "redacted_fields" {
    for_each = var.fields
    content {
      name = redacted_fields.value
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  retention_in_days = 14
}

resource "aws_flow_log" "this" {
  count        = var.count
  traffic_type = "ALL"
}

resource "aws_lambda_function" "this" {
  vpc_config {
    subnet_ids = ["a"]
  }
}

resource "aws_iam_role_policy" "this" {
  policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.account }
      Action    = ["s3:GetObject"]
      Resource  = var.bucket_arn
      Condition = {
        StringEquals = { "aws:A" = "a", "aws:B" = "b" }
        Bool = { "aws:C" = "true" }
      }
    }]
  })
}
"""
LITERALS = ('"AES256"', '"*"', '"x"', "false", "true", "3650", "0", "[]", '["*"]', "{}", "null")


@pytest.fixture(scope="module")
def mutants(tmp_path_factory: pytest.TempPathFactory) -> list[Mutant]:
    folder = tmp_path_factory.mktemp("terraform") / "modules/one"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(CODE, encoding="utf-8")
    return generate.of_folder(folder.parents[1], folder).mutants


def _expressions() -> Iterator[tuple[str, str]]:
    """Every expression for a literal, and the literal."""
    for literal in LITERALS:
        old = {'"': '"old"', "[": "tolist([])", "n": '"old"'}.get(literal[0], literal)
        for each in spelled.values(literal, old):
            if not each.addition:
                yield each.text, literal


def test_an_expression_means_the_literal_that_it_is_written_for(tmp_path: Path) -> None:
    pairs = list(_expressions())
    wants = {"true": True, "false": False}
    texts = [f"jsonencode({expression})" for expression, _ in pairs]
    done = subprocess.run(
        [pool.terraform_binary(), "console"],
        input=f"jsonencode([{', '.join(texts)}])\n",
        cwd=tmp_path,
        env={**catch.environment(), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=True,
    )
    meant = [json.loads(each) for each in json.loads(json.loads(done.stdout))]
    for (expression, literal), value in zip(pairs, meant, strict=True):
        expected = json.loads(literal)
        as_text = expression == f'"{literal}"'  # Terraform takes it for the boolean or the number
        assert value == (literal if as_text else wants.get(literal, expected)), expression
    assert len(pairs) > 35


def test_a_value_from_elsewhere_brings_what_it_is_read_from(mutants: list[Mutant]) -> None:
    elsewhere = [
        each
        for mutant in mutants
        for each in spelled.of(mutant, CODE)
        if each.spelling in ("by a local", "by a default")
    ]
    assert elsewhere
    for each in elsewhere:
        kind = "local" if each.spelling == "by a local" else "var"
        assert f"{kind}.{spelled.ELSEWHERE}" in each.replacement, each.name
        added = hcl.read(each.applied(CODE))[-1]
        assert (added.name, added.labels) in (("locals", ()), ("variable", (spelled.ELSEWHERE,))), each.name


def test_every_kind_of_weakening_is_written_in_three_other_ways_at_least(mutants: list[Mutant]) -> None:
    assert {mutant.kind for mutant in mutants} == set(Kind)
    for mutant in mutants:
        others = {each.applied(CODE) for each in spelled.of(mutant, CODE)}
        assert len(others - {CODE, mutant.applied(CODE)}) >= LEAST, mutant.name
        for text in others:
            assert len(hcl.read(text)) >= len(hcl.read(CODE)), mutant.name


def test_all_weakenings_of_the_platform_are_written_in_three_other_ways_at_least() -> None:
    terraform = REPO / "terraform"
    for folder in catch.folders(terraform):
        texts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.tf")}
        for mutant in generate.of_folder(terraform, folder).mutants:
            others = {(each.span, each.replacement) for each in spelled.of(mutant, texts[mutant.file])}
            assert len(others) >= LEAST, mutant.name


@pytest.mark.parametrize(
    ("address", "spelling", "text"),
    [
        ("aws_sqs_queue.this.kms_master_key_id", "null", "kms_master_key_id = null\n"),
        ("aws_sqs_queue.this.kms_master_key_id", "AWS's own key", 'kms_master_key_id = "alias/aws/own"\n'),
        ("aws_sqs_queue.this.redacted_fields", "for each of none", "for_each = []\n    content {\n      name"),
        (
            "aws_lambda_function.this.vpc_config",
            "for each of none",
            'dynamic "vpc_config" {\n  for_each = []\n  content {',
        ),
        ("aws_flow_log.this", "none times", "count        = 0\n"),
        ("aws_cloudwatch_log_group.this", "none times", '"this" {\n  count = 0\n'),
        ("aws_cloudwatch_log_group.this.retention_in_days", "empty", "retention_in_days = 0\n"),
        ("variable.days.validation", "or true", "condition     = (var.days > 0) || true\n"),
        ("aws_iam_role_policy.this.Action", "in capitals", 'Action    = "S3:*"\n'),
        ("aws_iam_role_policy.this.Action", "among others", 'concat(flatten([["s3:GetObject"]]), ["s3:*"])'),
        ("aws_iam_role_policy.this.Resource", "escaped", r'Resource  = "\u002a"'),
        ("aws_iam_role_policy.this.Principal", "a list of AWS", 'Principal = { AWS = ["*"] }'),
        (
            "aws_iam_role_policy.this.Condition.StringEquals.aws:A",
            "if it exists",
            '"StringEqualsIfExists" = { "aws:A" = "a", "aws:B" = "b" }\n        Bool',
        ),
        (
            "aws_iam_role_policy.this.Condition.Bool.aws:C",
            "for all of none",
            '"ForAllValues:Bool" = { "aws:C" = "true" }',
        ),
    ],
)
def test_it_stands_where_the_simplest_words_would(
    mutants: list[Mutant], address: str, spelling: str, text: str
) -> None:
    matching = [
        each.applied(CODE)
        for mutant in mutants
        if mutant.address == address
        for each in spelled.of(mutant, CODE)
        if each.spelling == spelling
    ]
    assert [text in each for each in matching] == [True]


def test_a_sample_is_the_same_for_the_same_seed_and_leaves_no_category_out(mutants: list[Mutant]) -> None:
    drawn = generate.sample(mutants, 2, 7)
    assert drawn == generate.sample(mutants, 2, 7)
    assert set(drawn) > set(generate.sample(mutants, 1, 7))  # whose verdicts are kept
    assert {each.category for each in drawn} == {each.category for each in mutants}
    assert max(sum(each.category == one.category for each in drawn) for one in drawn) == 2
    assert generate.sample(mutants, 0, 7) == mutants
