"""The parser distinguishes comments, strings and blocks as HCL does."""

from __future__ import annotations

import pytest

from orchestrator.policy import hcl

MARK = "checkov:skip=MLOPS_X_1: why"
IN_COMMENTS = {
    "hash": f"# {MARK}",
    "slashes": f"// {MARK}",
    "behind an argument": f'name = "x" # {MARK}',
    "between stars": f"/* {MARK} */",
    "on its own line between stars": f"/*\n * {MARK}\n */",
    "after a brace in a string": f'name = "{{"\n# {MARK}',
    "after an escaped quote": f'name = "\\""\n# {MARK}',
    "after a heredoc": f"name = <<-EOT\n  text\n  EOT\n# {MARK}",
    "after an expression with a string": f'name = "a ${{lookup(local.m, "}}")}}"\n# {MARK}',
    "in a nested block": f"inner {{\n# {MARK}\n}}",
}
IN_TEXTS = {
    "string": f'name = "{MARK}"',
    "string with a comment's sign": f'name = "# {MARK}"',
    "string after an expression": f'name = "${{var.x}} // {MARK}"',
    "escaped expression": f'name = "$${{ # {MARK}"',
    "heredoc": f"name = <<EOT\n# {MARK}\nEOT",
    "indented heredoc": f"name = <<-EOT\n  # {MARK}\n  EOT",
    "heredoc with its own word in it": f"name = <<EOT\nnot EOT yet\n# {MARK}\nEOT",
    "heredoc with an expression over lines": f"name = <<EOT\n${{\nEOT\n}}\n# {MARK}\nEOT",
    "heredoc with a quote": f'name = <<EOT\n"\n# {MARK}\nEOT',
}


def blocks(body: str) -> list[hcl.Block]:
    return hcl.read(f'resource "a" "b" {{\n{body}\n}}\nresource "a" "c" {{}}\n').blocks


@pytest.mark.parametrize("body", IN_COMMENTS.values(), ids=IN_COMMENTS.keys())
def test_comments_are_found_in_any_position(body: str) -> None:
    first, second = blocks(body)
    assert [MARK in comment.text for comment in first.comments] == [True]
    assert second.comments == []


@pytest.mark.parametrize("body", IN_TEXTS.values(), ids=IN_TEXTS.keys())
def test_a_mark_in_a_text_is_not_a_comment(body: str) -> None:
    first, second = blocks(body)
    assert first.comments == second.comments == []


def test_comments_have_lines_and_those_outside_of_blocks_are_loose() -> None:
    file = hcl.read("# one\n\nlocals {\n  # four\n}\n/* six\n*/\n")
    assert [(comment.line, comment.text) for comment in file.loose] == [(1, "# one"), (6, "/* six\n*/")]
    assert [(comment.line, comment.text) for comment in file.blocks[0].comments] == [(4, "# four")]


def test_blocks_are_named_as_terraform_names_them() -> None:
    text = 'resource "t" "a" {}\ndata "t" "b" {\n}\nvariable "c" { default = { x = 1 } }\nmodule d {}\nlocals {}\n'
    assert [block.address for block in hcl.read(text).blocks] == [
        "t.a", "data.t.b", "variable.c", "module.d", "locals",
    ]  # fmt: skip


def test_only_a_blocks_own_plain_strings_are_its_arguments() -> None:
    text = 'module "m" {\n  source = "./own"\n  # source = "./no"\n  inner { source = "./inner" }\n  x = y("./z")\n}\n'
    assert hcl.read(text).blocks[0].strings == {"source": "./own"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('\na {\n  b = "c\n}\n', 3, "a string is not closed on its line"),
        ("a {\n  b = <<EOT\n", 2, "the heredoc has no closing EOT"),
        ("/* a\n", 1, "a comment is not closed"),
        ('a {\n b = "${c"\n}', 2, "a string is not closed on its line"),
        ("\na {\n", 2, "this block is not closed"),
        ("a {\n}\n}\n", 3, "`}` has no opening bracket"),
        ("a = [1]\n\n{\n}\n", 1, "this is not the start of a block"),
    ],
)
def test_unclosed_syntax_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(hcl.Unreadable, match=what) as refused:
        hcl.read(text)
    assert refused.value.line == line
