"""Runs every module's and phase's own `terraform test` against a mocked provider: no account, no network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import results
from tests.terraform import hcl
from tests.terraform.conftest import Terraform

MODULES = sorted(path for path in (hcl.TERRAFORM / "modules").iterdir() if any(path.glob("*.tf")))
EACH = pytest.mark.parametrize(
    "folder", [*MODULES, *hcl.ROOTS], ids=lambda path: path.relative_to(hcl.TERRAFORM).as_posix()
)


@pytest.mark.terraform
@EACH
def test_terraform_test(
    mocked_terraform: Terraform, folder: Path, record_property: Callable[[str, object], None]
) -> None:
    name = folder.relative_to(hcl.TERRAFORM).as_posix()
    mocked_terraform.init(name)
    done = mocked_terraform("test", "-no-color", folder=name)
    for run in results.terraform_runs(f"terraform/{name}", done.stdout):
        record_property(results.PROPERTY, run)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    passed = re.search(r"(\d+) passed, 0 failed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) > 0, f"{name} has no run"


@EACH
def test_every_validation_has_a_run_that_expects_its_refusal(folder: Path) -> None:
    refused: Counter[str] = Counter()
    for file in (folder / "tests").glob("*.tftest.hcl"):
        for names in re.findall(r"expect_failures\s*=\s*\[([^\]]*)\]", file.read_text(encoding="utf-8")):
            refused.update(re.findall(r"var\.(\w+)", names))
    missing = {
        block.labels[0]: f"{rules} rules, {refused[block.labels[0]]} runs"
        for block in hcl.read(folder)
        if block.kind == "variable" and (rules := len(re.findall(r"^  validation \{", block.body, re.MULTILINE)))
        if refused[block.labels[0]] < rules
    }
    assert not missing


@EACH
def test_a_folder_says_what_it_is_for(folder: Path) -> None:
    names = {file.name for file in folder.glob("*.tf")}
    assert {"outputs.tf", "variables.tf", "versions.tf"} <= names
    assert "main.tf" not in names, "files are named after what is in them"
    for block in hcl.read(folder):
        if block.kind in ("variable", "output"):
            assert re.search(r"^  description\s*=", block.body, re.MULTILINE), f"{block.name} has no description"
    if folder.parent.name == "modules":
        assert (folder / "README.md").is_file()
