"""Whatever Terraform would load from a tree is read, or refused by its name; what it passes over does not matter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import files

OPEN = 'resource "aws_x" "open" {\n}\n'
REFUSED = {
    "latin-1": ("a.tf", "# café\n".encode("latin-1"), r"it is no UTF-8 \(byte 5\)"),
    "utf-16": ("a.tf", OPEN.encode("utf-16"), r"it is no UTF-8 \(byte 0\)"),
    "byte order mark": ("a.tf", b"\xef\xbb\xbf" + OPEN.encode(), r"line 1 holds '\\ufeff'"),
    "zero byte": ("a.tf", b"locals {\n}\n\0", r"line 3 holds '\\x00'"),
    "line ends of old": ("a.tf", b"# a\rlocals {\n}\n", r"line 1 holds '\\r'"),
    "no HCL": ("a.tf", b'locals {\n  a = "b\n}\n', r"line 2: a string does not end on its line"),
    "JSON": ("a.tf.json", b"{}", r"does not read JSON"),
    "override": ("override.tf", OPEN.encode(), r"changes other blocks after they were judged"),
    "named override": ("main_override.tf", OPEN.encode(), r"changes other blocks after they were judged"),
    "override in JSON": ("main_override.tf.json", b"{}", r"changes other blocks after they were judged"),
    "values": ("terraform.tfvars", b"a = 1\n", r"takes values from it unasked"),
    "values in JSON": ("terraform.tfvars.json", b"{}", r"takes values from it unasked"),
    "automatic values": ("x.auto.tfvars", b"a = 1\n", r"takes values from it unasked"),
    "automatic values in JSON": ("x.auto.tfvars.json", b"{}", r"takes values from it unasked"),
    "module from a registry": ("a.tf", b'module "m" {\n  source = "modules/vpc/aws"\n}', r"elsewhere \(m"),
    "module from git": ("a.tf", b'module "m" { source = "git::https://example.com/m" }', r"from elsewhere \(git"),
    "module by an expression": ("a.tf", b'module "m" { source = "./${var.m}" }', r"from elsewhere"),
    "module without a source": ("a.tf", b'module "m" { source = local.m }', r"its source is no plain text"),
    "module that is not there": ("a.tf", b'module "m" { source = "./none" }', r"calls ./none, where"),
    "module that is left out": ("a.tf", b'module "m" { source = "./examples/m" }', r"calls ./examples/m, where"),
    "module of Terraform's": ("a.tf", b'module "m" { source = "./.terraform/m" }', r"calls ./.terraform/m, where"),
}  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("modules/called", "phases/1/examples/m", "phases/1/.terraform/m"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "main.tf").write_text(OPEN)
    (tmp_path / "phases/1/main.tf").write_text('module "m" {\n  source = "../../modules/called"\n}\n')
    return tmp_path


def names(found: files.Code, folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in found]


@pytest.mark.parametrize("where", ["phases/1", "modules/called"])
@pytest.mark.parametrize(("name", "content", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_judged_is_refused_by_name(tree: Path, where: str, name: str, content: bytes, why: str) -> None:
    for folder in ("examples/m", ".terraform/m"):
        (tree / where / folder).mkdir(parents=True, exist_ok=True)
    (tree / where / name).write_bytes(content)
    with pytest.raises(PolicyGateBroken, match=rf"{where}/{name}: not judged: .*{why}") as refused:
        files.code(tree / "phases")
    assert refused.value.exit_code == 7
    assert refused.value.hint


def test_links_are_refused(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "main.tf").write_text(OPEN)
    for link, target in (("modules/linked.tf", elsewhere / "main.tf"), ("modules/linked", elsewhere)):
        (tree / link).symlink_to(target)
        with pytest.raises(PolicyGateBroken, match=rf"{link}: not judged: it is a link"):
            files.code(tree)
        (tree / link).unlink()


@pytest.mark.parametrize(
    "name", [".a.tf", "a.tf~", "#a.tf#", "a.tofu", "a.tf.orig", "a.tftest.hcl", "values.tfvars", "notes.json"]
)
def test_what_terraform_passes_over_may_be_anything(tree: Path, name: str) -> None:
    (tree / "modules/called" / name).write_bytes(b"\xff\0")
    assert names(files.code(tree), tree) == ["modules/called/main.tf", "phases/1/main.tf"]


def test_values_of_tests_may_stand_where_there_is_no_code(tree: Path) -> None:
    tests = tree / "modules/called/tests"
    tests.mkdir()
    (tests / "called.tftest.hcl").write_text("")
    (tests / "terraform.tfvars").write_text("a = 1\n")
    assert names(files.code(tree), tree) == ["modules/called/main.tf", "phases/1/main.tf"]
    (tests / "main.tf").write_text(OPEN)
    with pytest.raises(PolicyGateBroken, match="takes values from it unasked"):
        files.code(tree)


def test_modules_outside_of_the_tree_are_read_too(tree: Path) -> None:
    assert names(files.code(tree / "phases"), tree) == ["modules/called/main.tf", "phases/1/main.tf"]
    assert files.reaches_outside(tree / "phases")
    assert not files.reaches_outside(tree)


def test_a_block_that_no_rule_was_asked_about_is_told(tree: Path) -> None:
    found = files.code(tree)
    place = str(tree / "modules/called/main.tf")
    assert files.unjudged(found, [[place, "resource", "aws_x", 'open["a"]']]) == []
    assert files.unjudged(found, []) == [f"{place}: aws_x.open"]
    assert files.unjudged(found, [[place, "data", "aws_x", "open"]]) == [f"{place}: aws_x.open"]
