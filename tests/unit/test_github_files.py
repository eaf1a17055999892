"""Files for GitHub and contributors: hooks, Dependabot, owners and templates name what exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
HOOKS = REPO / ".pre-commit-config.yaml"
TEMPLATES = sorted((REPO / ".github" / "ISSUE_TEMPLATE").glob("*_*.yml"))
INSTALLED = (".venv/bin/", ".tools/bin/")


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_ruff_and_terraform_hooks_run_the_tools_of_the_checkout() -> None:
    local = [hook for repo in load(HOOKS)["repos"] if repo["repo"] == "local" for hook in repo["hooks"]]
    assert {"ruff-check", "ruff-format", "terraform-fmt"} <= {hook["id"] for hook in local}
    for hook in local:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(INSTALLED), hook["entry"]


def test_hooks_of_other_repositories_are_pinned_by_commit_with_their_version() -> None:
    revisions = re.findall(r"^ +rev: (.*)$", HOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(revisions) == sum(repo["repo"] != "local" for repo in load(HOOKS)["repos"]) > 0
    for revision in revisions:
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", revision), revision


def test_dependabot_covers_python_actions_and_terraform_in_existing_folders() -> None:
    updates = load(REPO / ".github" / "dependabot.yml")["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"pip", "github-actions", "terraform"}
    for each in updates:
        for folder in each.get("directories", [each.get("directory")]):
            assert folder == "/" or list(REPO.glob(folder.strip("/"))), folder


def test_dependabot_reaches_every_terraform_root_with_a_lock_file() -> None:
    updates = load(REPO / ".github" / "dependabot.yml")["updates"]
    patterns = next(each["directories"] for each in updates if each["package-ecosystem"] == "terraform")
    covered = {folder for pattern in patterns for folder in REPO.glob(pattern.strip("/"))}
    roots = {lock.parent for lock in (REPO / "terraform" / "phases").rglob(".terraform.lock.hcl")}
    assert roots
    assert roots <= covered


def test_code_owners_own_everything_and_name_existing_paths() -> None:
    lines = (REPO / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    for path, *owners in rules:
        assert owners, path
        assert path == "*" or (REPO / path.strip("/")).exists(), path


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_an_issue_template_has_the_fields_that_github_requires(file: Path) -> None:
    template = load(file)
    assert template["name"]
    assert template["description"]
    inputs = [field for field in template["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in inputs}) == len(inputs) > 0
    assert all(field["attributes"]["label"] for field in inputs)


def test_templates_for_bugs_and_features_exist() -> None:
    assert {file.name for file in TEMPLATES} == {"bug_report.yml", "feature_request.yml"}


def test_the_editor_uses_the_line_length_of_the_linter() -> None:
    length = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["line-length"]
    assert f"max_line_length = {length}" in (REPO / ".editorconfig").read_text(encoding="utf-8")
