from __future__ import annotations

from pathlib import Path

import pytest

from tooling.docs import permissions

MODULE = """\
locals {
  statements = [
    {
      # Reads the layers below.
      Sid       = "Read"
      Effect    = "Allow"
      Action    = ["s3:GetObject"]
      Resource  = "${local.arn}/data/*"
      Condition = { StringEquals = { "aws:ResourceAccount" = var.account } }
    },
    { Sid = "NoMore", Effect = "Deny", Action = "s3:*", Resource = "*" },
  ]
  tags = [{ Key = "a", Value = "b" }]
}

data "aws_iam_policy_document" "assume" {
  statement {
    sid     = "Assume"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }
  }
}
"""


def module(tmp_path: Path, text: str = MODULE) -> Path:
    folder = tmp_path / "terraform" / "modules" / "one"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "access.tf").write_text(text, encoding="utf-8")
    return tmp_path / "terraform"


def test_every_statement_has_a_row(tmp_path: Path) -> None:
    rows = [line for line in permissions.page(module(tmp_path)).splitlines() if line.startswith("| access.tf")]
    assert rows == [
        '| access.tf: locals | Read | Condition: { StringEquals = { "aws:ResourceAccount" = var.account } } '
        '| ["s3:GetObject"] | "${local.arn}/data/*" |',
        '| access.tf: locals | NoMore |  | **deny** "s3:*" | "*" |',
        '| access.tf: aws_iam_policy_document.assume | Assume | Principal: type = "Service" identifiers = '
        '["glue.amazonaws.com"] | ["sts:AssumeRole"] |  |',
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"s3:GetObject"', '"s3:*"'),
        ('"${local.arn}/data/*"', '"*"'),
        ("      Condition = { StringEquals", "      Unlike    = { StringEquals"),
        ('"Deny"', '"Allow"'),
        ("glue.amazonaws.com", "*"),
    ],
    ids=["action", "resource", "condition", "denial", "principal"],
)
def test_a_wider_permission_changes_the_page(tmp_path: Path, old: str, new: str) -> None:
    before = permissions.page(module(tmp_path))
    assert permissions.page(module(tmp_path, MODULE.replace(old, new))) != before


def test_the_page_is_current(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["permission_docs", "--check"])
    assert permissions.main() == 0, capsys.readouterr().err
