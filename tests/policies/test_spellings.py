"""One fault, many spellings: what a rule finds does not hang on who writes it, in which words, or where.

A resource called `fail_…` breaks its table's rule, one called `pass_…` does not, and `open_…` cannot be decided; any
other is scenery. All tables are scanned together, once as source and once as a plan.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.policy.gate import Checkov
from tests.policies import inbound, public_access
from tests.policies.spellings import Ref, block, plan, resource, source

TABLES = {
    inbound.RULE: inbound.EVERYTHING,
    public_access.RULE: public_access.CASES,
    public_access.SCALING: public_access.ENDPOINTS,
}
EVERYTHING = [each for table in TABLES.values() for each in table]
EXPECTED = {
    (rule, each.address): each.name.split("_")[0]
    for rule, table in TABLES.items()
    for each in table
    if each.name.startswith(("fail_", "pass_", "open_"))
}
Verdicts = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def in_source(gate: Checkov, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    folder = tmp_path_factory.mktemp("spellings")
    (folder / "table.tf").write_text(source(EVERYTHING))
    (folder / "more").mkdir()
    (folder / "more/main.tf").write_text(inbound.ONLY_IN_SOURCE)
    return {place: "pass" if passed else "fail" for place, passed in gate.verdicts(folder).items()}


@pytest.fixture(scope="module")
def in_plan(gate: Checkov, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    report = gate.scan_plan(plan(EVERYTHING), root=tmp_path_factory.mktemp("root"))
    by_verdict = (("fail", report.findings), ("open", report.undecided))
    return {(each.rule, each.resource): verdict for verdict, findings in by_verdict for each in findings}


def test_names_are_not_used_twice() -> None:
    assert len({each.address for each in EVERYTHING}) == len(EVERYTHING)
    assert len(EXPECTED) > 150


def test_a_source_is_judged_by_what_it_means(in_source: Verdicts) -> None:
    assert {place: in_source.get(place, "open") for place in EXPECTED} == EXPECTED


def test_a_plan_is_judged_by_what_it_means(in_plan: Verdicts) -> None:
    assert {place: in_plan.get(place, "pass") for place in EXPECTED} == EXPECTED


def test_what_only_code_can_say_is_judged_or_left_open(in_source: Verdicts) -> None:
    names = [line.split('"') for line in inbound.ONLY_IN_SOURCE.splitlines() if line.startswith("resource ")]
    expected = {(inbound.RULE, f"{kind}.{name}"): name.split("_")[0] for _, kind, _, name, _ in names if "_" in name}
    assert len(expected) == 8
    assert {place: in_source.get(place, "open") for place in expected} == expected


def test_the_repair_that_the_rule_names_passes(gate: Checkov, tmp_path: Path) -> None:
    rule = resource(inbound.INGRESS, "r", security_group_id="sg", prefix_list_id=Ref(f"{inbound.LIST}.l.id"))
    made_here = resource(inbound.LIST, "l", **inbound.PL, entry=block(cidr="10.0.0.0/16"))
    (tmp_path / "main.tf").write_text(source([made_here, rule]))
    assert gate.verdicts(tmp_path)[inbound.RULE, f"{inbound.INGRESS}.r"]
