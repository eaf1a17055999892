"""Other tools' cases before the policies, each beside the same resource without its fault."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.policy.gate import Checkov
from tests.policies.outside import OPENINGS, Opening
from tests.policies.outside_subject import OURS
from tests.policies.spellings import plan, source

Failing = Mapping[str, set[str]]


@dataclass(frozen=True)
class Judged:
    """One case, and the rules that tell it from what is right."""

    name: str
    kind: str
    theirs: bool
    in_source: frozenset[str]
    in_plan: frozenset[str]

    @property
    def caught(self) -> bool:
        return bool(self.in_source or self.in_plan)


def judged(gate: Checkov, openings: Iterable[Opening] = OPENINGS, *, plans: bool = True) -> list[Judged]:
    """Judge all cases with one scan of a source and, if `plans` is set, one of a plan, which takes twice as long."""
    openings = list(openings)
    pairs = ((*opening.owners, opening.right, opening.wrong) for opening in openings)
    resources = list({each.address: each for pair in pairs for each in pair}.values())
    with tempfile.TemporaryDirectory(prefix="outside-") as name:
        folder = Path(name)
        (folder / "main.tf").write_text(source(resources), encoding="utf-8")
        in_source = _by_name(place for place, passed in gate.verdicts(folder).items() if not passed)
        findings = gate.scan_plan(plan(resources), root=folder).findings if plans else ()
        in_plan = _by_name((finding.rule, finding.resource) for finding in findings)
    return [
        Judged(
            each.name,
            each.wrong.kind,
            each.source != OURS,
            _told_apart(each, in_source),
            _told_apart(each, in_plan),
        )
        for each in openings
    ]


def _by_name(failing: Iterable[tuple[str, str]]) -> Failing:
    rules: dict[str, set[str]] = defaultdict(set)
    for rule, address in failing:
        rules[address.rpartition(".")[2]].add(rule)
    return rules


def _told_apart(opening: Opening, failing: Failing) -> frozenset[str]:
    return frozenset(failing.get(opening.wrong.name, set()) - failing.get(opening.right.name, set()))
