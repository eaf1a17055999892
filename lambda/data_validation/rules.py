"""Check the rules that an ETL run must satisfy before training. Pure.

The ETL's report is verified where possible: its objects against the bucket listing, and the reviews of each split
against each other.
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
    """One run: its report, the review hashes of each split, and the objects in the bucket."""

    report: Mapping[str, Any]
    groups: Mapping[str, list[str]]
    stored: Mapping[str, int]
    max_quarantine_share: float


def counts_add_up(facts: Facts) -> list[str]:
    """Every input row is in exactly one place."""
    named = {"all sources": facts.report["counts"], **facts.report["sources"]}
    return [
        f"rows of {name} do not add up: {c['in']} in, {c['processed']} processed, "
        f"{c['left_out']} left out, {c['quarantined']} quarantined"
        for name, c in named.items()
        if c["in"] != c["processed"] + c["left_out"] + c["quarantined"]
    ]


def run_is_complete(facts: Facts) -> list[str]:
    """The run is complete; refused runs leave a report too."""
    status = facts.report["status"]
    return [] if status == "complete" else [f"the ETL run is '{status}': {facts.report.get('refusal', 'no reason')}"]


def sources_add_up_to_the_run(facts: Facts) -> list[str]:
    """Detects sources that are missing from the report."""
    problems = []
    for name, total in facts.report["counts"].items():
        of_sources = sum(counts[name] for counts in facts.report["sources"].values())
        if of_sources != total:
            problems.append(f"rows '{name}' of the sources are {of_sources}, of the run {total}")
    return problems


def files_add_up(facts: Facts) -> list[str]:
    files = facts.report["files"]
    if files["in"] == files["read"] + files["empty"] + files["quarantined"] == len(facts.report["inputs"]):
        return []
    return [
        f"files do not add up: {len(facts.report['inputs'])} named, {files['in']} in, {files['read']} read, "
        f"{files['empty']} empty, {files['quarantined']} quarantined"
    ]


def every_bad_row_is_in_quarantine(facts: Facts) -> list[str]:
    """Each quarantined row has a reason and is written."""
    rows = facts.report["counts"]["quarantined"]
    reasons = sum(facts.report["quarantine_reasons"].values())
    due = rows + facts.report["files"]["quarantined"]
    written = sum(output["rows"] for output in facts.report["outputs"]["quarantine"])
    problems = [] if reasons == rows else [f"{rows} rows are quarantined, {reasons} have a reason"]
    return problems if written == due else [*problems, f"quarantine holds {written} entries, {due} are due"]


def split_rows_add_up(facts: Facts) -> list[str]:
    total = sum(facts.report["splits"][name]["rows"] for name in SPLITS)
    processed = facts.report["counts"]["processed"]
    return [] if total == processed else [f"splits hold {total} rows, {processed} were processed"]


def quarantine_is_small(facts: Facts) -> list[str]:
    counts = facts.report["counts"]
    files = facts.report["files"]
    rows = counts["quarantined"] / counts["in"] if counts["in"] else 0.0
    unread = files["bytes_quarantined"] / files["bytes"] if files["bytes"] else 0.0
    problems = []
    if rows > facts.max_quarantine_share:
        reasons = ", ".join(f"{name} {count}" for name, count in facts.report["quarantine_reasons"].items())
        problems.append(f"{rows:.1%} of the rows are in quarantine ({reasons}), limit {facts.max_quarantine_share:.1%}")
    if unread > facts.max_quarantine_share:
        names = ", ".join(f"{file['key']} {file['reason']}" for file in files["refused"])
        problems.append(
            f"{unread:.1%} of the bytes could not be read ({names}), limit {facts.max_quarantine_share:.1%}"
        )
    return problems


def splits_have_both_labels(facts: Facts) -> list[str]:
    return [
        f"split {split} has no row labelled {label}"
        for split in SPLITS
        for label in LABELS
        if facts.report["splits"][split]["labels"][label] < 1
    ]


def no_review_in_two_splits(facts: Facts) -> list[str]:
    """Snippets of one review are similar, so sharing a review would leak test data into training."""
    return [
        f"{len(shared)} review(s) are both in {one} and in {other}"
        for one, other in combinations(SPLITS, 2)
        if (shared := set(facts.groups.get(one, ())) & set(facts.groups.get(other, ())))
    ]


def group_counts_match(facts: Facts) -> list[str]:
    return [
        f"split {split} reports {expected} reviews, its list names {listed}"
        for split in SPLITS
        if (expected := facts.report["splits"][split]["groups"]) != (listed := len(set(facts.groups.get(split, ()))))
    ]


def objects_are_this_run_s(facts: Facts) -> list[str]:
    """Training reads whole folders, so they must hold exactly what this run wrote.

    An incremental run adds to the output of earlier runs.
    """
    outputs = facts.report["outputs"]
    expected = {o["key"]: o["bytes"] for kind in ("features", "labels") for o in outputs[kind]}
    problems = [f"{key} is missing" for key in expected if key not in facts.stored]
    problems += [
        f"{key} has {facts.stored[key]} bytes, the run wrote {size}"
        for key, size in expected.items()
        if key in facts.stored and facts.stored[key] != size
    ]
    if facts.report["mode"] == "incremental":
        return problems
    return problems + [f"{key} is not of this run" for key in facts.stored if key not in expected]


RULES: tuple[Callable[[Facts], list[str]], ...] = (
    run_is_complete,
    counts_add_up,
    sources_add_up_to_the_run,
    files_add_up,
    every_bad_row_is_in_quarantine,
    split_rows_add_up,
    quarantine_is_small,
    splits_have_both_labels,
    no_review_in_two_splits,
    group_counts_match,
    objects_are_this_run_s,
)


def broken_rules(facts: Facts) -> list[str]:
    """Return all problems, each as a sentence; empty if the data may be used."""
    return [problem for rule in RULES for problem in rule(facts)]
