"""Every file that Terraform would load is read or refused with its path; files that it ignores do not matter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import files

OPEN = 'resource "aws_x" "open" {\n}\n'
REFUSED = {
    "latin-1": ("a.tf", "# café\n".encode("latin-1"), r"it is not UTF-8 \(byte 5\)"),
    "utf-16": ("a.tf", OPEN.encode("utf-16"), r"it is not UTF-8 \(byte 0\)"),
    "byte order mark": ("a.tf", b"\xef\xbb\xbf" + OPEN.encode(), r"line 1 contains '\\ufeff'"),
    "zero byte": ("a.tf", b"locals {\n}\n\0", r"line 3 contains '\\x00'"),
    "carriage return": ("a.tf", b"# a\rlocals {\n}\n", r"line 1 contains '\\r'"),
    "not HCL": ("a.tf", b'locals {\n  a = "b\n}\n', r"line 2: a string is not closed on its line"),
    "JSON": ("a.tf.json", b"{}", r"does not read JSON"),
    "override": ("override.tf", OPEN.encode(), r"overrides blocks after they were scanned"),
    "named override": ("main_override.tf", OPEN.encode(), r"overrides blocks after they were scanned"),
    "override in JSON": ("main_override.tf.json", b"{}", r"overrides blocks after they were scanned"),
    "values": ("terraform.tfvars", b"a = 1\n", r"loads its values automatically"),
    "values in JSON": ("terraform.tfvars.json", b"{}", r"loads its values automatically"),
    "automatic values": ("x.auto.tfvars", b"a = 1\n", r"loads its values automatically"),
    "automatic values in JSON": ("x.auto.tfvars.json", b"{}", r"loads its values automatically"),
    "module from a registry": ("a.tf", b'module "m" {\n  source = "modules/vpc/aws"\n}', r"not local \(m"),
    "module from git": ("a.tf", b'module "m" { source = "git::https://example.com/m" }', r"not local \(git"),
    "module by an expression": ("a.tf", b'module "m" { source = "./${var.m}" }', r"not local"),
    "module without a source": ("a.tf", b'module "m" { source = local.m }', r"its source is an expression"),
    "module that is not there": ("a.tf", b'module "m" { source = "./none" }', r"calls ./none, which is not"),
    "module that is left out": ("a.tf", b'module "m" { source = "./examples/m" }', r"calls ./examples/m, which is not"),
    "module of Terraform's": ("a.tf", b'module "m" { source = "./.terraform/m" }', r"calls ./.terraform/m, which"),
}  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("modules/called", "phases/1/examples/m", "phases/1/.terraform/m"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "main.tf").write_text(OPEN)
    (tmp_path / "phases/1/main.tf").write_text('module "m" {\n  source = "../../modules/called"\n}\n')
    return tmp_path


def names(code: files.Code, folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in code]


@pytest.mark.parametrize("where", ["phases/1", "modules/called"])
@pytest.mark.parametrize(("name", "content", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_cannot_be_scanned_is_refused_with_its_path(
    tree: Path, where: str, name: str, content: bytes, why: str
) -> None:
    for folder in ("examples/m", ".terraform/m"):
        (tree / where / folder).mkdir(parents=True, exist_ok=True)
    (tree / where / name).write_bytes(content)
    with pytest.raises(PolicyGateBroken, match=rf"{where}/{name}: not scanned: .*{why}") as refused:
        files.code(tree / "phases")
    assert refused.value.exit_code == 7
    assert refused.value.hint


def test_links_are_refused(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "main.tf").write_text(OPEN)
    for link, target in (("modules/linked.tf", elsewhere / "main.tf"), ("modules/linked", elsewhere)):
        (tree / link).symlink_to(target)
        with pytest.raises(PolicyGateBroken, match=rf"{link}: not scanned: it is a link"):
            files.code(tree)
        (tree / link).unlink()


@pytest.mark.parametrize(
    "name", [".a.tf", "a.tf~", "#a.tf#", "a.tofu", "a.tf.orig", "a.tftest.hcl", "values.tfvars", "notes.json"]
)
def test_files_that_terraform_ignores_are_not_read(tree: Path, name: str) -> None:
    (tree / "modules/called" / name).write_bytes(b"\xff\0")
    assert names(files.code(tree), tree) == ["modules/called/main.tf", "phases/1/main.tf"]


def test_values_of_tests_are_allowed_in_a_folder_without_code(tree: Path) -> None:
    tests = tree / "modules/called/tests"
    tests.mkdir()
    (tests / "called.tftest.hcl").write_text("")
    (tests / "terraform.tfvars").write_text("a = 1\n")
    assert names(files.code(tree), tree) == ["modules/called/main.tf", "phases/1/main.tf"]
    (tests / "main.tf").write_text(OPEN)
    with pytest.raises(PolicyGateBroken, match="loads its values automatically"):
        files.code(tree)


def test_modules_outside_of_the_tree_are_read_too(tree: Path) -> None:
    assert names(files.code(tree / "phases"), tree) == ["modules/called/main.tf", "phases/1/main.tf"]
    assert files.reaches_outside(tree / "phases")
    assert not files.reaches_outside(tree)


def test_a_block_that_no_rule_received_is_reported(tree: Path) -> None:
    code = files.code(tree)
    place = str(tree / "modules/called/main.tf")
    assert files.unjudged(code, [[place, "resource", "aws_x", 'open["a"]']]) == []
    assert files.unjudged(code, []) == [f"{place}: aws_x.open"]
    assert files.unjudged(code, [[place, "data", "aws_x", "open"]]) == [f"{place}: aws_x.open"]
