from __future__ import annotations

import datetime as dt
from dataclasses import replace

from tooling.quality.mutations import report, report_spelled
from tooling.quality.mutations.catch import BY_PERMISSIONS, Verdict
from tooling.quality.mutations.kept import Reach
from tooling.quality.mutations.mutant import Mutant
from tooling.quality.mutations.outside import Judged


def verdict(name: str, *, policies: tuple[str, ...] = (), tests: tuple[str, ...] = ()) -> Verdict:
    return Verdict(Mutant("modules/one", "main.tf", name, "encryption", "removed", (0, 0), ""), policies, tests)


DAY = dt.date(2026, 1, 2)


def result(*verdicts: Verdict, reasons: dict[str, str] | None = None, sample: str = "") -> report.Result:
    rules = {"MLOPS_A_1": "a", "MLOPS_B_1": "b", "MLOPS_C_1": "c"}
    proofs = {"MLOPS_B_1": ("aws_x.fail_y",)}
    return report.Result(verdicts, proofs, reasons or {}, rules, report.Run(60.0, DAY, sample=sample))


def spelled(*caught: bool, sample: str = "") -> report_spelled.Result:
    """Respelt mutants and other tools' cases that are caught or not."""
    source, plan = verdict("x.source", policies=("CKV_AWS_1",)), verdict("x.plan", policies=("MLOPS_A_1",))
    verdicts = [source, replace(plan, reach=Reach.TESTS), *(() if all(caught) else [verdict("x.left")])]
    openings = [
        Judged(f"aws_x {each}", "aws_x", True, frozenset({"R"} if each else ()), frozenset()) for each in caught
    ]
    return report_spelled.Result(verdicts, openings, {}, report.Run(60.0, DAY, sample=sample))


CAUGHT = [
    verdict("x.policy", policies=("MLOPS_A_1",)),
    verdict("x.both", policies=("CKV_AWS_1", "MLOPS_C_1"), tests=(BY_PERMISSIONS,)),
    verdict("x.test", tests=("test of modules/one: a_run",)),
]


def test_survivors_are_counted_and_need_a_reason() -> None:
    outcome = result(*CAUGHT, verdict("x.left"))
    assert report.share(outcome.verdicts) == 75
    assert outcome.left == [("modules/one: x.left: removed", "")]
    explained = result(*CAUGHT, verdict("x.left"), reasons={"modules/one: x.l": "guarded elsewhere"})
    assert explained.left == [("modules/one: x.left: removed", "guarded elsewhere")]
    assert not explained.enough  # 75 % are not 98 %
    assert not result(*CAUGHT * 40, verdict("x.left")).enough  # no reason
    assert result(*CAUGHT * 40, verdict("x.left"), reasons={"modules/one": "guarded elsewhere"}).enough


def test_a_rule_that_is_alone_nowhere_is_idle() -> None:
    assert result(*CAUGHT).idle_rules == ["MLOPS_C_1"]
    assert result(*CAUGHT, sample="some").idle_rules == []  # the rest may need it


def test_the_page_tells_counts_and_survivors() -> None:
    page = report.page(result(*CAUGHT, verdict("x.left"), reasons={"modules/one": "guarded elsewhere"}))
    assert "2026-01-02: **3 of 4 mutants caught (75.0 %)** in 1 minutes" in page
    assert "| encryption | 4 | 3 | 2 | 1 | 1 | 0 | 1 |" in page
    assert "| `modules/one: x.left: removed` | guarded elsewhere |" in page
    assert "| [MLOPS_A_1](../../policies/README.md#mlops_a_1) | 1 | 1 | 1 | 0 |" in page


def test_a_page_about_some_says_so() -> None:
    part = "at most 9 of each category, drawn with seed 4"
    assert f"These are not all: {part}." in report.page(result(*CAUGHT, sample=part))
    assert f"These are not all: {part}." in report_spelled.page(spelled(True, sample=part))
    assert "These are not all" not in report_spelled.page(spelled(True))


def test_findings_in_source_and_in_plan_are_distinguished() -> None:
    page = report_spelled.page(spelled(True, True, False))
    assert "2026-01-02: **2 of 3 mutants caught (66.7 %)**" in page
    assert "| encryption | 3 | 2 | 1 | 1 | 0 | 0 | 0 |" in page
    assert "**2 of 3 of theirs caught (66.7 %), 0 of 0 of ours beside them caught (100.0 %)**" in page
    assert "| `aws_x` | 3 | 2 | 2 | 0 |" in page
    assert [name for name, _ in spelled(True, False).left] == ["modules/one: x.left: removed", "aws_x False"]


def test_ours_and_theirs_have_to_reach_the_goal_each() -> None:
    assert spelled(True).enough
    assert not spelled(*[True] * 9, False).enough


def test_a_run_renews_its_own_part_of_the_page() -> None:
    first = report.renewed("", report.page(result(*CAUGHT)), spelled=False)
    both = report.renewed(first, report_spelled.page(spelled(True)), spelled=True)
    assert both.count(report.SPELLED) == 1
    assert both.startswith(first.rstrip("\n"))
    assert report.renewed(both, report.page(result(*CAUGHT)), spelled=False) == both
    assert report.renewed(both, report_spelled.page(spelled(True)), spelled=True) == both
