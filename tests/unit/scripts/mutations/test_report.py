from __future__ import annotations

import datetime as dt

from scripts.mutations import report
from scripts.mutations.catch import BY_PERMISSIONS, Verdict
from scripts.mutations.mutant import Mutant


def verdict(name: str, *, policies: tuple[str, ...] = (), tests: tuple[str, ...] = ()) -> Verdict:
    return Verdict(Mutant("modules/one", "main.tf", name, "encryption", "removed", (0, 0), ""), policies, tests)


def result(*verdicts: Verdict, reasons: dict[str, str] | None = None) -> report.Result:
    rules = {"MLOPS_A_1": "a", "MLOPS_B_1": "b", "MLOPS_C_1": "c"}
    proofs = {"MLOPS_B_1": ("aws_x.fail_y",)}
    return report.Result(verdicts, proofs, reasons or {}, rules, 60.0, dt.date(2026, 1, 2))


CAUGHT = [
    verdict("x.policy", policies=("MLOPS_A_1",)),
    verdict("x.both", policies=("CKV_AWS_1", "MLOPS_C_1"), tests=(BY_PERMISSIONS,)),
    verdict("x.test", tests=("test of modules/one: a_run",)),
]


def test_survivors_are_counted_and_need_a_reason() -> None:
    told = result(*CAUGHT, verdict("x.left"))
    assert told.caught_percent == 75
    assert told.unexplained == ["modules/one: x.left: removed"]
    assert result(*CAUGHT, verdict("x.left"), reasons={"modules/one: x.l": "guarded elsewhere"}).unexplained == []


def test_a_rule_that_is_alone_nowhere_is_idle() -> None:
    assert result(*CAUGHT).idle_rules == ["MLOPS_C_1"]


def test_the_page_tells_counts_and_survivors() -> None:
    page = report.page(result(*CAUGHT, verdict("x.left"), reasons={"modules/one": "guarded elsewhere"}))
    assert "2026-01-02: **3 of 4 mutants caught (75.0 %)** in 1 minutes" in page
    assert "| encryption | 4 | 3 | 2 | 1 | 1 | 0 | 1 |" in page
    assert "| `modules/one: x.left: removed` | guarded elsewhere |" in page
    assert "| [MLOPS_A_1](../../policies/README.md#mlops_a_1) | 1 | 1 | 1 | 0 |" in page
