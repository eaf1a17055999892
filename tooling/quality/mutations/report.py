"""`docs/reference/mutations.md`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tooling.quality.mutations.catch import BY_PERMISSIONS, BY_TERRAFORM, OWN, Verdict

GOAL_PERCENT = 98
SPELLED = "## In other words"
"""Where on the page the spellings begin: a run renews its own part and leaves the other."""

INTRODUCTION = """\
The Terraform is weakened one setting at a time (an encryption key taken away, a boundary dropped, an action widened
to its whole service, a validation removed), and every check that may catch it runs. Settings, and what
weakens them, are listed by name in [table.py](../../tooling/quality/mutations/table.py), for all modules alike; an
attribute whose name is not there stops the run. Nothing in the working tree is changed."""

ABOUT_CATCHERS = """\
Policies check the mutated module, and the plan that its tests make; the
[permissions page](permissions.md) is generated, and its test fails until the page is renewed and shows what changed.
Both always run (except for guards on inputs, which policies do not cover). Terraform and the tests, of the module, then
of the roots that call it, and last a scan of the whole source, run for mutants not caught so far: their figures are
what they catch alone. Terraform itself rejects what leaves a reference to something that is gone, or a value that the
provider or a variable does not take."""

ABOUT_RULES = """\
*Only policy*: mutants of the real code that no other policy notices, neither ours nor checkov's. *Only catcher*: nor
the permissions page. A fixture proves a rule where no other policy tells it from the right one: that is all there can
be for rules whose resources arrive with later modules. A rule that is alone nowhere is dropped."""


@dataclass(frozen=True)
class Run:
    """When and how long, and what of.

    Attributes:
        reused: verdicts that earlier runs reached about the same code.
        sample: which mutants, where not all; in words.
    """

    seconds: float
    day: dt.date
    reused: int = 0
    sample: str = ""

    @property
    def words(self) -> str:
        reused = f", {self.reused} of the verdicts kept from earlier runs about the same code" if self.reused else ""
        part = f" These are not all: {self.sample}." if self.sample else " These are all of that day's code."
        return f"in {self.seconds / 60:.0f} minutes{reused}; the goal is {GOAL_PERCENT} %.{part}"


@dataclass(frozen=True)
class Result:
    """One run over mutants in their simplest words.

    Attributes:
        proofs: own rule to the fixtures that only it tells from right ones.
        reasons: words for survivors: the start of a mutant's name, to the reason why it may survive.
    """

    verdicts: Sequence[Verdict]
    proofs: Mapping[str, tuple[str, ...]]
    reasons: Mapping[str, str]
    rule_names: Mapping[str, str]
    run: Run

    @property
    def survivors(self) -> list[Verdict]:
        return survivors(self.verdicts)

    @property
    def left(self) -> list[tuple[str, str]]:
        """Survivors and the reason of each."""
        return [(each.mutant.name, reason(self.reasons, each.mutant.name)) for each in self.survivors]

    @property
    def enough(self) -> bool:
        return all(words for _, words in self.left) and share(self.verdicts) >= GOAL_PERCENT

    @property
    def summary(self) -> list[str]:
        return [f"{caught_of(self.verdicts)} {self.run.words}"]

    @property
    def idle_rules(self) -> list[str]:
        """Own rules that are the only policy against nothing: neither in the code nor in their fixtures."""
        if self.run.sample:
            return []  # the rest may need them
        alone = Counter(verdict.policies[0] for verdict in self.verdicts if len(verdict.policies) == 1)
        return [rule for rule in self.rule_names if not alone[rule] and not self.proofs.get(rule)]


def survivors(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if not verdict.caught]


def share(verdicts: Sequence[Verdict]) -> float:
    return 100 * (1 - len(survivors(verdicts)) / len(verdicts)) if verdicts else 100.0


def caught_of(verdicts: Sequence[Verdict]) -> str:
    caught = len(verdicts) - len(survivors(verdicts))
    return f"{caught} of {len(verdicts)} mutants caught ({share(verdicts):.1f} %)"


def reason(reasons: Mapping[str, str], name: str) -> str:
    return next((words for start, words in reasons.items() if name.startswith(start)), "")


def renewed(before: str, part: str, *, spelled: bool) -> str:
    """Return the page with one of its parts renewed."""
    plain, _, other = before.partition(SPELLED)
    if spelled:
        other = part.removeprefix(SPELLED)
    else:
        plain = part
    return plain.rstrip("\n") + "\n" + (f"\n{SPELLED}{other}" if other else "")


def page(result: Result) -> str:
    verdicts = result.verdicts
    return "\n".join(
        [
            "# What the checks catch",
            "",
            "<!-- Written by `make mutations` (`python -m tooling.quality.mutations --write`). -->",
            "",
            *INTRODUCTION.splitlines(),
            "",
            f"{result.run.day}: **{caught_of(verdicts)}** {result.run.words}",
            "",
            "## By what was weakened",
            "",
            *table(
                (
                    "What",
                    "Mutants",
                    "Caught",
                    "by our policies",
                    "by checkov's",
                    "by the permissions page",
                    "by Terraform",
                    "by tests",
                ),
                _categories(verdicts),
            ),
            "",
            *ABOUT_CATCHERS.splitlines(),
            "",
            "## What our rules add",
            "",
            *ABOUT_RULES.splitlines(),
            "",
            *table(("Rule", "Catches", "Only policy", "Only catcher", "Fixtures that only it refuses"), _rules(result)),
            "",
            "## Survivors",
            "",
            *told_survivors(result.left),
            "",
        ]
    )


def _categories(verdicts: Sequence[Verdict]) -> Iterable[tuple[object, ...]]:
    for category in sorted({verdict.mutant.category for verdict in verdicts}):
        of = [verdict for verdict in verdicts if verdict.mutant.category == category]
        yield (
            category,
            len(of),
            sum(verdict.caught for verdict in of),
            sum(any(rule.startswith(OWN) for rule in verdict.policies) for verdict in of),
            sum(any(not rule.startswith(OWN) for rule in verdict.policies) for verdict in of),
            sum(BY_PERMISSIONS in verdict.tests for verdict in of),
            sum(any(test.startswith(BY_TERRAFORM) for test in verdict.tests) for verdict in of),
            sum(any(test.startswith("test of ") for test in verdict.tests) for verdict in of),
        )


def _rules(result: Result) -> Iterable[tuple[object, ...]]:
    catches = Counter(rule for verdict in result.verdicts for rule in verdict.policies)
    policy = Counter(verdict.policies[0] for verdict in result.verdicts if len(verdict.policies) == 1)
    catcher = Counter(v.policies[0] for v in result.verdicts if len(v.policies) == 1 and not v.tests)
    for rule in sorted(result.rule_names):
        link = f"[{rule}](../../policies/README.md#{rule.lower()})"
        yield link, catches[rule], policy[rule], catcher[rule], len(result.proofs.get(rule, ()))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]


def told_survivors(left: Sequence[tuple[str, str]]) -> list[str]:
    return table(("Mutant", "Why it may survive"), [(f"`{name}`", why) for name, why in left]) if left else ["None."]
