"""Only a comment in the resource, with a reason, skips a rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import files, skips

RULES = {"MLOPS_X_1", "CKV_AWS_1"}


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Path]:
    skips.forget()
    yield tmp_path
    skips.forget()


def check(folder: Path, text: str) -> files.Code:
    (folder / "main.tf").write_text(text)
    skips.forget()
    code = files.code(folder)
    skips.check(code, RULES)
    return code


@pytest.mark.parametrize(
    "comment",
    [
        "# checkov:skip=MLOPS_X_1: for a test",
        "#checkov:skip=MLOPS_X_1:for a test",
        "## checkov:skip=CKV_AWS_1, MLOPS_X_1: for a test",
        "// checkov:skip=MLOPS_X_1,CKV_AWS_1: for a test",
        "/* checkov:skip=MLOPS_X_1: for a test */",
        "/*\n   * checkov:skip=MLOPS_X_1: for a test\n   */",
        'b = "c" # checkov:skip=MLOPS_X_1: for a test',
    ],
)
def test_a_skip_counts_for_its_own_block(module: Path, comment: str) -> None:
    check(module, f'resource "t" "a" {{\n  {comment}\n}}\nresource "t" "b" {{\n}}\n')
    assert skips.skip_reason(module, "t.a", "MLOPS_X_1") == "for a test"
    assert skips.skip_reason(module, "t.a", "MLOPS_Y_1") is None
    assert skips.skip_reason(module, "t.b", "MLOPS_X_1") is None


@pytest.mark.parametrize(
    "line",
    [
        'description = "checkov:skip=MLOPS_X_1: for a test"',
        'description = "# checkov:skip=MLOPS_X_1: for a test"',
        "description = <<EOT\n# checkov:skip=MLOPS_X_1: for a test\nEOT",
        'tags = { "checkov:skip=MLOPS_X_1:why" = "checkov:skip=MLOPS_X_1:why" }',
    ],
)
def test_a_skip_in_a_text_has_no_effect(module: Path, line: str) -> None:
    code = check(module, f'resource "t" "a" {{\n  {line}\n}}\n')
    assert skips.skip_reason(module, "t.a", "MLOPS_X_1") is None
    assert skips.skipped_ids(code) == {}


def test_a_brace_in_a_text_does_not_end_a_block(module: Path) -> None:
    skip = "# checkov:skip=MLOPS_X_1: for a test"
    check(module, f'resource "t" "a" {{\n  b = "{{"\n}}\nresource "t" "c" {{\n  b = "}}"\n  {skip}\n}}\n')
    assert skips.skips_by_block(module) == {"t.c": {"MLOPS_X_1": "for a test"}}


def test_a_resource_and_a_data_source_of_one_name_must_both_skip_a_rule(module: Path) -> None:
    skip = "# checkov:skip=MLOPS_X_1: for a test"
    check(module, f'resource "t" "a" {{\n}}\ndata "t" "a" {{\n  {skip}\n}}\ndata "t" "b" {{\n  {skip}\n}}\n')
    assert skips.skip_reason(module, "t.a", "MLOPS_X_1") is None
    assert skips.skip_reason(module, "data.t.a", "MLOPS_X_1") == "for a test"
    assert skips.skip_reason(module, "t.b", "MLOPS_X_1") == "for a test"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("# checkov:skip=MLOPS_X_1", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# checkov:skip=MLOPS_X_1:", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# checkov:skip=MLOPS_X_1: -", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# checkov:skip=: for a test", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# see checkov:skip=MLOPS_X_1: for a test", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# bridgecrew:skip=MLOPS_X_1: for a test", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# cortex:skip=MLOPS_X_1: for a test", "requires `checkov:skip=`, a rule's id, a colon and a reason"),
        ("# checkov:skip=MLOPS_X_2: for a test", "names MLOPS_X_2, which does not exist"),
    ],
)
def test_a_skip_without_effect_is_refused_with_its_place(module: Path, line: str, why: str) -> None:
    with pytest.raises(PolicyGateBroken, match=rf"main\.tf:2: .*{why}") as refused:
        check(module, f'resource "t" "a" {{\n  {line}\n}}\n')
    assert refused.value.exit_code == 7


@pytest.mark.parametrize(
    "text", ["\n{skip}\n", 'module "m" {{\n  {skip}\n  source = "./m"\n}}', "locals {{\n{skip}\n}}"]
)
def test_a_skip_outside_of_a_scanned_block_is_refused_with_its_place(module: Path, text: str) -> None:
    (module / "m").mkdir()
    with pytest.raises(PolicyGateBroken, match=r"main\.tf:2: a skip .*has no effect"):
        check(module, text.format(skip="# checkov:skip=MLOPS_X_1: for a test"))


def test_every_place_of_a_skip_is_listed(module: Path) -> None:
    text = 'resource "t" "a" {\n  # checkov:skip=MLOPS_X_1,CKV_AWS_1: for a test\n}\n'
    place = f"{module / 'main.tf'}:2"
    assert skips.skipped_ids(check(module, text)) == {"MLOPS_X_1": [place], "CKV_AWS_1": [place]}
