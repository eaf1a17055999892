"""The second part of `docs/reference/mutations.md`: the same weakenings in other words, ours and other people's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tooling.quality.mutations.catch import BY_PERMISSIONS, BY_TERRAFORM, Verdict
from tooling.quality.mutations.kept import Reach
from tooling.quality.mutations.outside import Judged
from tooling.quality.mutations.report import (
    GOAL_PERCENT,
    SPELLED,
    Run,
    caught_of,
    reason,
    share,
    survivors,
    table,
    told_survivors,
)

INTRODUCTION = """\
What means the same must be judged alike. Every mutant above is also written in at least three other ways, by the kind
of its value and not by its name ([spelled.py](../../tooling/quality/mutations/spelled.py)): put into a local or a
variable's default, behind a condition, through a function, as text, escaped, as null, in a dynamic block of none,
none times; IAM patterns in capitals, as lists, with other wildcards, among others; conditions that hold where their
key is missing.
What Terraform's source does not tell, the plan does: the table says which of the two a policy needed."""

ABOUT_OUTSIDE = """\
Faults that other tools show in their public test cases, for the types of resources that are used here, rebuilt in our
words, and further ways that we add to them ([outside.py](../../tests/policies/outside.py) names each source). Caught
means that a policy tells the fault from the same resource without it, in the source or in the plan. `make test` asks
about all of them in the source."""


@dataclass(frozen=True)
class Result:
    """One run over spellings, and other tools' cases."""

    verdicts: Sequence[Verdict]
    openings: Sequence[Judged]
    reasons: Mapping[str, str]
    run: Run

    @property
    def left(self) -> list[tuple[str, str]]:
        names = [each.mutant.name for each in survivors(self.verdicts)]
        names += [each.name for each in self.openings if not each.caught]
        return [(name, reason(self.reasons, name)) for name in names]

    @property
    def enough(self) -> bool:
        theirs, beside = self.openings_of(theirs=True), self.openings_of(theirs=False)
        shares = share(self.verdicts), caught_share(theirs), caught_share(beside)
        return min(shares) >= GOAL_PERCENT and all(words for _, words in self.left)

    def openings_of(self, *, theirs: bool) -> list[Judged]:
        return [each for each in self.openings if each.theirs is theirs]

    @property
    def outside_words(self) -> str:
        shares = []
        for who, theirs in (("theirs", True), ("ours beside them", False)):
            of = self.openings_of(theirs=theirs)
            caught = sum(each.caught for each in of)
            shares.append(f"{caught} of {len(of)} of {who} caught ({caught_share(of):.1f} %)")
        return ", ".join(shares)

    @property
    def summary(self) -> list[str]:
        return [f"{caught_of(self.verdicts)} {self.run.words}", f"other tools' cases: {self.outside_words}"]

    @property
    def idle_rules(self) -> list[str]:
        return []  # the run of the simplest spelling reports them


def caught_share(openings: Sequence[Judged]) -> float:
    return 100 * sum(each.caught for each in openings) / len(openings) if openings else 100.0


def page(result: Result) -> str:
    heads = "by policies, in source", "in plan alone", "by the permissions page", "by Terraform", "by tests"
    return "\n".join(
        [
            SPELLED,
            "",
            *INTRODUCTION.splitlines(),
            "",
            f"{result.run.day}: **{caught_of(result.verdicts)}** {result.run.words}",
            "",
            *table(("What", "Mutants", "Caught", *heads), _rows(result.verdicts, lambda each: each.mutant.category)),
            "",
            *table(
                ("Spelling", "Mutants", "Caught", *heads), _rows(result.verdicts, lambda each: each.mutant.spelling)
            ),
            "",
            "### In other people's words",
            "",
            *ABOUT_OUTSIDE.splitlines(),
            "",
            f"**{result.outside_words}**; the goal is {GOAL_PERCENT} %.",
            "",
            *table(("Type", "Cases", "Caught", "in source", "in plan alone"), _outside(result.openings)),
            "",
            "### Survivors among them",
            "",
            *told_survivors(result.left),
            "",
        ]
    )


def _rows(verdicts: Sequence[Verdict], by: Callable[[Verdict], str]) -> Iterable[tuple[object, ...]]:
    for name in sorted({by(verdict) for verdict in verdicts}):
        of = [verdict for verdict in verdicts if by(verdict) == name]
        by_scan = Counter(verdict.reach is Reach.SOURCE for verdict in of if verdict.policies)
        tests = [verdict.tests for verdict in of]
        yield (
            name,
            len(of),
            sum(verdict.caught for verdict in of),
            by_scan[True],
            by_scan[False],
            sum(BY_PERMISSIONS in each for each in tests),
            sum(any(test.startswith(BY_TERRAFORM) for test in each) for each in tests),
            sum(any(test.startswith("test of ") for test in each) for each in tests),
        )


def _outside(openings: Sequence[Judged]) -> Iterable[tuple[object, ...]]:
    for kind in sorted({each.kind for each in openings}):
        of = [each for each in openings if each.kind == kind]
        in_source = sum(bool(each.in_source) for each in of)
        yield (
            f"`{kind}`",
            len(of),
            sum(each.caught for each in of),
            in_source,
            sum(each.caught for each in of) - in_source,
        )
