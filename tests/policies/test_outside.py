"""What other tools find, these policies find: see `outside.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from orchestrator.policy.gate import Checkov
from tests.policies.outside import OPENINGS
from tests.policies.outside_subject import OURS
from tooling.quality.mutations.outside import Judged, judged

GOAL_PERCENT = 98
REASONS = Path(__file__).resolve().parents[2] / "tooling/quality/mutations/survivors.yaml"


@pytest.fixture(scope="module")
def verdicts(gate: Checkov) -> list[Judged]:
    return judged(gate, plans=False)  # `make mutations` asks about plans, too


def test_enough_different_faults_from_several_tools_are_known() -> None:
    assert len({(each.wrong.kind, repr(each.wrong.arguments)) for each in OPENINGS}) == len(OPENINGS)
    theirs = [each for each in OPENINGS if each.source != OURS]
    assert len(theirs) >= 100
    assert len({each.wrong.kind for each in theirs}) > 40
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+:[\w./-]+\.(tf|yaml)", each.source) for each in theirs)
    assert len({each.source.split(":")[0] for each in theirs}) == 3


def test_every_fault_is_distinguished_from_the_right_form_or_has_a_reason(verdicts: list[Judged]) -> None:
    reasons = yaml.safe_load(REASONS.read_text(encoding="utf-8"))
    left = [each.name for each in verdicts if not each.caught]
    assert [name for name in left if not name.startswith(tuple(reasons))] == []
    assert len(left) <= len(verdicts) * (100 - GOAL_PERCENT) / 100
