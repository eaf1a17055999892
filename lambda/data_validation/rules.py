"""Check the rules that an ETL run must satisfy before training. Pure.

The ETL's report is verified where possible: its objects against the bucket listing, and the groups of each split
against each other. What the dataset's columns are, and which limits hold, its specification says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

SPLITS = ("train", "validation", "test")
CLASSIFICATION, REGRESSION, CUSTOM = "classification", "regression", "custom"


@dataclass(frozen=True)
class Facts:
    """One run: its report, the groups' hashes of each split, the objects in the bucket, and what is expected."""

    report: Mapping[str, Any]
    groups: Mapping[str, list[str]]
    stored: Mapping[str, int]
    spec: Mapping[str, Any]
    task: str

    @property
    def max_quarantine_share(self) -> float:
        return float(self.spec.get("max_quarantine_share", 0.05))

    @property
    def grouped(self) -> bool:
        """Whether rows belong to groups; otherwise each is alone, and none are listed."""
        return (self.spec.get("roles") or {}).get("group") is not None


def task_of(spec: Mapping[str, Any]) -> str:
    """Return what can be learned from a dataset, judged by its label's column."""
    label = (spec.get("roles") or {}).get("label")
    column = next((each for each in spec.get("output") or spec["columns"] if each["name"] == label), None)
    if column is None:
        return CUSTOM
    if column["type"] in ("string", "boolean") or column.get("values"):
        return CLASSIFICATION
    # A whole number without named values may be either: a class, or a count.
    return REGRESSION if column["type"] == "double" else CUSTOM


def counts_add_up(facts: Facts) -> list[str]:
    """Every input row is in exactly one place."""
    sources = {f"source '{name}'": counts for name, counts in facts.report["sources"].items()}
    named = {"all sources": facts.report["counts"], **sources}
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


def every_split_has_rows(facts: Facts) -> list[str]:
    return [f"split {split} has no rows" for split in SPLITS if not facts.report["splits"][split]["rows"]]


def labels_can_be_learned(facts: Facts) -> list[str]:
    """A class that training never sees cannot be learned; a split of a single class measures nothing."""
    if facts.task == REGRESSION:
        ranges = {split: facts.report["splits"][split].get("label_range") for split in SPLITS}
        return [
            f"split {split} has one label only: {each[0]}"
            for split, each in ranges.items()
            if each and each[0] == each[1]
        ]
    counts = {split: facts.report["splits"][split]["labels"] for split in SPLITS}
    if facts.task != CLASSIFICATION:
        return []
    if any(labels is None for labels in counts.values()):
        return ["there are too many different labels for a classification"]
    known = sorted({label for labels in counts.values() for label in labels})
    if len(known) < 2:
        return [f"there are {len(known)} labels ({', '.join(known) or 'none'}); a classification needs two"]
    problems = [f"split train has no row labelled {label}" for label in known if not counts["train"].get(label)]
    for split in ("validation", "test"):
        present = [label for label in known if counts[split].get(label)]
        if len(present) < 2:
            problems.append(
                f"split {split} has rows of {len(present)} label(s) ({', '.join(present) or 'none'}) of {len(known)}"
            )
    return problems


def no_group_in_two_splits(facts: Facts) -> list[str]:
    """Rows of one group are similar, so sharing a group would leak test data into training.

    A split by time is the exception: it asks how a model of the past does later, on the same groups among others.
    """
    if not facts.grouped or (facts.spec.get("split") or {}).get("method") == "time":
        return []
    return [
        f"{len(shared)} group(s) are both in {one} and in {other}"
        for one, other in combinations(SPLITS, 2)
        if (shared := set(facts.groups.get(one, ())) & set(facts.groups.get(other, ())))
    ]


def group_counts_match(facts: Facts) -> list[str]:
    if not facts.grouped:
        return []
    return [
        f"split {split} reports {expected} groups, its list names {listed}"
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
    counts_add_up,
    sources_add_up_to_the_run,
    files_add_up,
    every_bad_row_is_in_quarantine,
    split_rows_add_up,
    quarantine_is_small,
    every_split_has_rows,
    labels_can_be_learned,
    no_group_in_two_splits,
    group_counts_match,
    objects_are_this_run_s,
)


def broken_rules(facts: Facts) -> list[str]:
    """Return all problems, each as a sentence; empty if the data may be used."""
    # The report of a refused run names no output that could be checked.
    return run_is_complete(facts) or [problem for rule in RULES for problem in rule(facts)]
