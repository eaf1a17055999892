from __future__ import annotations

from pathlib import Path

import pytest

from tooling.hcl import tree as hcl

REPO = Path(__file__).resolve().parents[4]
CODE = """\
# a comment with a { brace
locals {
  policy = {
    Statement = [
      { Sid = "One", Action = ["s3:Get*", "s3:List*"], Resource = "*" },
      merge(local.other, { Condition = { Bool = { "aws:SecureTransport" = "false" } } }),
    ]
  }
  names = { for name in var.names : name => { path = "a/${name}/{b}" } }
}

resource "aws_glue_job" "this" {
  name = "x-${var.a == "b" ? "}" : "{"}" # trailing

  dynamic "target" {
    for_each = var.targets
    content {
      path = target.value
    }
  }

  query = <<-EOT
    fields @timestamp { not = a block
  EOT
}
"""


def paths(nodes: list[hcl.Node], prefix: str = "") -> list[str]:
    names = []
    for node in nodes:
        here = f"{prefix}{node.name or '{}'}"
        names += [here, *paths(node.children, here + ".")]
    return names


def test_blocks_attributes_and_objects_inside_expressions_are_found() -> None:
    assert paths(hcl.read(CODE)) == [
        "locals",
        "locals.policy",
        "locals.policy.{}",
        "locals.policy.{}.Statement",
        "locals.policy.{}.Statement.{}",
        "locals.policy.{}.Statement.{}.Sid",
        "locals.policy.{}.Statement.{}.Action",
        "locals.policy.{}.Statement.{}.Resource",
        "locals.policy.{}.Statement.{}",
        "locals.policy.{}.Statement.{}.Condition",
        "locals.policy.{}.Statement.{}.Condition.{}",
        "locals.policy.{}.Statement.{}.Condition.{}.Bool",
        "locals.policy.{}.Statement.{}.Condition.{}.Bool.{}",
        "locals.policy.{}.Statement.{}.Condition.{}.Bool.{}.aws:SecureTransport",
        "locals.names",
        "locals.names.{}",
        "locals.names.{}.path",
        "resource",
        "resource.name",
        "resource.dynamic",
        "resource.dynamic.for_each",
        "resource.dynamic.content",
        "resource.dynamic.content.path",
        "resource.query",
    ]


def test_spans_are_those_of_the_text() -> None:
    resource = hcl.read(CODE)[1]
    name = resource.child("name")
    assert name
    assert resource.labels == ("aws_glue_job", "this")
    assert CODE[slice(*name.value)].startswith('"x-${var.a == "b" ? "}" : "{"}"')
    assert CODE[name.start : name.end].startswith("  name = ")
    assert CODE[name.start : name.end].endswith("trailing\n")


@pytest.mark.parametrize("folder", ["modules", "phases"])
def test_all_code_of_the_platform_can_be_read(folder: str) -> None:
    files = [file for file in (REPO / "terraform" / folder).rglob("*.tf") if ".terraform" not in file.parts]
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        blocks = hcl.read(text)
        # Every block of formatted code begins in the first column, and nothing else but its end does.
        openings = [line for line in text.splitlines() if line.endswith("{") and line[:1].isalpha()]
        closed_at_once = [line for line in text.splitlines() if line[:1].isalpha() and line.endswith("{}")]
        assert len(blocks) == len(openings) + len(closed_at_once), file
