"""What must hold of an ETL run before anything is trained on it. Pure: facts in, broken rules out.

The ETL's report is not taken at its word where it can be checked: the objects are compared with the
bucket's listing, and the reviews of each split with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

SPLITS = ("train", "validation", "test")
LABELS = ("negative", "positive")


@dataclass(frozen=True)
class Facts:
    """One run: its report, the hashes of the reviews in each split, and what the bucket holds."""

    report: Mapping[str, Any]
    groups: Mapping[str, list[str]]
    stored: Mapping[str, int]
    max_quarantine_share: float


def counts_add_up(facts: Facts) -> list[str]:
    """Every row that came in is in exactly one place."""
    named = {"all sources": facts.report["counts"], **facts.report["sources"]}
    return [
        f"rows of {name} do not add up: {c['in']} in, {c['processed']} processed, "
        f"{c['left_out']} left out, {c['quarantined']} quarantined"
        for name, c in named.items()
        if c["in"] != c["processed"] + c["left_out"] + c["quarantined"]
    ]


def split_rows_add_up(facts: Facts) -> list[str]:
    total = sum(facts.report["splits"][name]["rows"] for name in SPLITS)
    processed = facts.report["counts"]["processed"]
    return [] if total == processed else [f"splits hold {total} rows, {processed} were processed"]


def quarantine_is_small(facts: Facts) -> list[str]:
    counts = facts.report["counts"]
    share = counts["quarantined"] / counts["in"] if counts["in"] else 0.0
    if share <= facts.max_quarantine_share:
        return []
    reasons = ", ".join(f"{name} {count}" for name, count in facts.report["quarantine_reasons"].items())
    return [f"{share:.1%} of the rows are in quarantine ({reasons}), limit {facts.max_quarantine_share:.1%}"]


def splits_have_both_labels(facts: Facts) -> list[str]:
    return [
        f"split {split} has no row labelled {label}"
        for split in SPLITS
        for label in LABELS
        if facts.report["splits"][split]["labels"][label] < 1
    ]


def no_review_in_two_splits(facts: Facts) -> list[str]:
    """Snippets of one review resemble each other: sharing one would let the test leak into training."""
    return [
        f"{len(shared)} review(s) are both in {one} and in {other}"
        for one, other in combinations(SPLITS, 2)
        if (shared := set(facts.groups.get(one, ())) & set(facts.groups.get(other, ())))
    ]


def group_counts_match(facts: Facts) -> list[str]:
    return [
        f"split {split} reports {expected} reviews, its list names {found}"
        for split in SPLITS
        if (expected := facts.report["splits"][split]["groups"]) != (found := len(set(facts.groups.get(split, ()))))
    ]


def objects_are_this_run_s(facts: Facts) -> list[str]:
    """Training reads whole folders, so what lies there must be what this run wrote, and no more."""
    outputs = facts.report["outputs"]
    expected = {o["key"]: o["bytes"] for kind in ("features", "labels") for o in outputs[kind]}
    problems = [f"{key} is missing" for key in expected if key not in facts.stored]
    problems += [
        f"{key} has {facts.stored[key]} bytes, the run wrote {size}"
        for key, size in expected.items()
        if key in facts.stored and facts.stored[key] != size
    ]
    return problems + [f"{key} is not of this run" for key in facts.stored if key not in expected]


RULES: tuple[Callable[[Facts], list[str]], ...] = (
    counts_add_up,
    split_rows_add_up,
    quarantine_is_small,
    splits_have_both_labels,
    no_review_in_two_splits,
    group_counts_match,
    objects_are_this_run_s,
)


def broken_rules(facts: Facts) -> list[str]:
    """All problems, each a sentence; empty when the data may be used."""
    return [problem for rule in RULES for problem in rule(facts)]
