"""The rules of a repository are read from their files, and incomplete ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy.rules import builtin_rules, own_rules

RULE = """\
metadata:
  id: MLOPS_X_1
  name: a rule
  category: IAM
  severity: HIGH
  scans: [source]
  risk: something bad happens
  repair: do it
definition: {}
"""


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    folder = tmp_path / "policies" / "checks"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(RULE, encoding="utf-8")
    return folder


def test_a_rule_is_read_from_its_file(tmp_path: Path, checks: Path) -> None:
    rules = own_rules(tmp_path)
    assert list(rules) == ["MLOPS_X_1"]
    assert rules["MLOPS_X_1"].severity == "HIGH"
    assert rules["MLOPS_X_1"].scans == {"source"}
    assert rules["MLOPS_X_1"].repair == "do it"


def test_a_changed_rule_is_read_again(tmp_path: Path, checks: Path) -> None:
    assert own_rules(tmp_path)["MLOPS_X_1"].severity == "HIGH"
    (checks / "one.yaml").write_text(RULE.replace("HIGH", "CRITICAL"), encoding="utf-8")
    assert own_rules(tmp_path)["MLOPS_X_1"].severity == "CRITICAL"


def test_two_rules_with_one_id_are_refused(tmp_path: Path, checks: Path) -> None:
    (checks / "two.yaml").write_text(RULE, encoding="utf-8")
    with pytest.raises(PolicyGateBroken, match=r"two\.yaml: the rule id MLOPS_X_1 is already used by one\.yaml"):
        own_rules(tmp_path)


def test_a_rule_without_a_repair_is_refused(tmp_path: Path, checks: Path) -> None:
    (checks / "two.yaml").write_text(RULE.replace("  repair: do it\n", ""), encoding="utf-8")
    with pytest.raises(PolicyGateBroken, match=r"two\.yaml: not a rule: KeyError\('repair'\)"):
        own_rules(tmp_path)


def test_a_broken_file_is_refused_with_the_place(tmp_path: Path, checks: Path) -> None:
    (checks / "two.yaml").write_text("metadata:\n  id: [\n", encoding="utf-8")
    with pytest.raises(PolicyGateBroken, match=r"two\.yaml: not a rule: invalid YAML: .* line 3, column 1"):
        own_rules(tmp_path)


def test_a_rule_in_python_is_described_by_its_docstring_and_not_run(tmp_path: Path, checks: Path) -> None:
    metadata = RULE.replace("_X_1", "_Y_1").replace("definition: {}\n", "")
    (checks / "two.py").write_text(f'"""\n{metadata}"""\n\nimport no_such_module\n', encoding="utf-8")
    for support in ("__init__.py", "rulekit.py"):
        (checks / support).write_text("", encoding="utf-8")
    assert list(own_rules(tmp_path)) == ["MLOPS_X_1", "MLOPS_Y_1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing\n", r"two\.py: not a rule: TypeError"),
        ('"""Says what it does."""\n', r"two\.py: not a rule: TypeError"),
        ("def (\n", r"two\.py: not a rule: invalid Python"),
    ],
    ids=["no-docstring", "words", "syntax"],
)
def test_python_without_a_description_is_refused(tmp_path: Path, checks: Path, text: str, message: str) -> None:
    (checks / "two.py").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyGateBroken, match=message):
        own_rules(tmp_path)


def test_a_file_that_checkov_would_ignore_is_refused(tmp_path: Path, checks: Path) -> None:
    (checks / "two.rego").write_text("package two\n", encoding="utf-8")
    with pytest.raises(PolicyGateBroken, match=r"two\.rego: not a rule: only \*\.yaml and \*\.py files are loaded"):
        own_rules(tmp_path)


def test_compiled_python_is_not_a_rule(tmp_path: Path, checks: Path) -> None:
    (checks / "__pycache__").mkdir()
    (checks / "__pycache__" / "two.cpython-311.pyc").write_bytes(b"compiled")
    assert list(own_rules(tmp_path)) == ["MLOPS_X_1"]


def test_an_empty_folder_is_refused(tmp_path: Path, checks: Path) -> None:
    (checks / "one.yaml").unlink()
    with pytest.raises(PolicyGateBroken, match="no rules in"):
        own_rules(tmp_path)


def test_a_missing_or_empty_builtin_list_is_refused(tmp_path: Path, checks: Path) -> None:
    with pytest.raises(PolicyGateBroken, match="cannot be read"):
        builtin_rules(tmp_path)
    (tmp_path / "policies" / "builtin-rules.txt").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(PolicyGateBroken, match="lists no rule"):
        builtin_rules(tmp_path)


def test_comments_are_not_rules(tmp_path: Path, checks: Path) -> None:
    (tmp_path / "policies" / "builtin-rules.txt").write_text("# c\nCKV_AWS_1\n\nCKV2_AWS_2\n", encoding="utf-8")
    assert builtin_rules(tmp_path) == {"CKV_AWS_1", "CKV2_AWS_2"}
