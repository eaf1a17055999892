"""Every own rule judges its fixtures as their names say: `pass_…` passes, `fail_…` fails.

A new rule needs no code here; a rule without fixtures of both kinds is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.policy import files as checkov_files
from orchestrator.policy import skips as checkov_skips
from orchestrator.policy.gate import Checkov
from orchestrator.policy.rules import CHECKS_DIR, SUPPORT, Rule, own_rules, rule_files

REPO = Path(__file__).resolve().parents[2]
RULES = own_rules(REPO)
FIXTURES = REPO / "policies" / "fixtures"
VERDICT = re.compile(
    r'^(?:resource|data) "[^"]+" "((?:pass|fail)_\w+)"|^(?:variable|output) "((?:pass|fail)_\w+)"'
    r'|^  alias +=\s"((?:pass|fail)_\w+)"',
    re.MULTILINE,
)
"""What a fixture is called; a block with another name is scenery for those that are judged."""


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_judges_its_fixtures_as_they_are_named(rule: Rule, gate: Checkov) -> None:
    folder = FIXTURES / rule.file.stem
    names = {
        match[match.lastindex or 0] for match in VERDICT.finditer((folder / "main.tf").read_text(encoding="utf-8"))
    }
    assert any(name.startswith("pass_") for name in names), f"{folder} needs a resource called pass_…"
    assert any(name.startswith("fail_") for name in names), f"{folder} needs a resource called fail_…"

    verdicts = {
        resource.rsplit(".", 1)[-1]: passed
        for (rule_id, resource), passed in gate.verdicts(folder).items()
        if rule_id == rule.id and resource.rsplit(".", 1)[-1].startswith(("pass_", "fail_"))
    }

    assert verdicts == {name: name.startswith("pass_") for name in names}


def test_every_fixture_folder_belongs_to_a_rule() -> None:
    assert {folder.name for folder in FIXTURES.iterdir()} == {rule.file.stem for rule in RULES.values()}


def test_the_folder_of_rules_holds_nothing_else() -> None:
    files = set(rule_files(REPO))
    assert files == {rule.file for rule in RULES.values()} | {REPO / CHECKS_DIR / name for name in SUPPORT}


def test_every_rule_explains_its_risk_and_its_repair() -> None:
    for rule in RULES.values():
        assert rule.severity in {"LOW", "MEDIUM", "HIGH", "CRITICAL"}, rule.id
        assert len(rule.risk.split()) >= 8, f"{rule.id}: say what happens without the rule"
        assert rule.repair, rule.id
        assert rule.scans, rule.id
        assert rule.scans <= {"source", "plan"}, rule.id


def test_every_skip_in_the_terraform_code_names_a_rule_and_a_reason(gate: Checkov) -> None:
    code = checkov_files.code(REPO / "terraform")
    checkov_skips.check(code, gate.loaded_rules())
    assert len(checkov_skips.skipped_ids(code)) > 20
    short = [
        f"{folder.name}/{block}: {reason}"
        for folder in {path.parent for path in code}
        for block, skips in checkov_skips.skips_by_block(folder).items()
        for reason in skips.values()
        if len(reason) < 10
    ]
    assert short == []
