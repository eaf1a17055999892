"""What happened to every row and file, and whether that may stand. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tabular.contract import LEFT_OUT, OUTCOMES, PROCESSED, QUARANTINED, fingerprint
from tabular.errors import EtlError
from tabular.files import RawFile
from tabular.job import Input, Job
from tabular.spec import Spec
from tabular.split import SPLITS, group_hash
from tabular.values import text_of

SCHEMA = 3
NAMES_SHOWN = 10
LABELS_COUNTED = 3000
"""Labels of all splits up to which they are counted one by one; more of them are not classes."""


class Tally:
    """Counts of one run. Runners fill it; nothing in it grows with the rows but the ids of groups."""

    def __init__(self, spec: Spec) -> None:
        label = None if spec.roles.label is None else spec.column(spec.roles.label)
        self.counts_labels = label is not None and label.type in ("string", "boolean", "bigint")
        self.ranges = label is not None and label.type in ("bigint", "double")
        # The rows of a dataset without groups are alone; listing each of them would check nothing.
        self.grouped = spec.roles.group is not None
        self.rows: Counter[tuple[str, str]] = Counter()
        """By source and outcome."""
        self.rows_in = 0
        """Rows that were judged, counted on their own: the outcomes must add up to it."""
        self.reasons: Counter[str] = Counter()
        self.groups: Counter[str] = Counter()
        """Groups by source."""
        self.records = 0
        """Raw records that were read; `transform` may make several rows of one."""
        self.records_of_file: Counter[str] = Counter()
        self.row_sum = 0
        """Of `contract.row_number` over all records that were read."""
        self.broken: list[tuple[str, int, str]] = []
        """Key, line and reason of files whose rest cannot be read."""
        self.split_rows: Counter[str] = Counter()
        self.split_groups: dict[str, set[str]] = {name: set() for name in SPLITS}
        """Short hashes of the groups in each split."""
        self.split_labels: Counter[tuple[str, str]] = Counter()
        self.label_ranges: dict[str, tuple[Any, Any]] = {}

    def total(self, outcome: str) -> int:
        return sum(count for (_, each), count in self.rows.items() if each == outcome)

    def place(self, split: str, label: Any, count: int = 1) -> None:
        """Count rows of a label in a split."""
        self.split_rows[split] += count
        if label is not None and self.ranges:
            self.widen(split, label, label)
        if label is not None and self.counts_labels:
            self.count_label(split, text_of(label), count)

    def widen(self, split: str, lowest: Any, highest: Any) -> None:
        """Take labels of a split into their range."""
        low, high = self.label_ranges.get(split, (lowest, highest))
        self.label_ranges[split] = (min(low, lowest), max(high, highest))

    def count_label(self, split: str, label: str, count: int) -> None:
        self.split_labels[split, label] += count
        if len(self.split_labels) > LABELS_COUNTED:
            self.counts_labels = False
            self.split_labels.clear()

    def place_group(self, split: str, group: str) -> None:
        self.split_groups[split].add(group_hash(group))

    @property
    def labels(self) -> list[str] | None:
        """Return the labels of all splits; `None` if they are not counted one by one."""
        return sorted({label for _, label in self.split_labels}) if self.counts_labels else None


def build(
    job: Job, given: Input, files: list[RawFile], tally: Tally, outputs: Mapping[str, list[dict[str, Any]]], runner: str
) -> dict[str, Any]:
    """Build the report. `outputs` are facts (key, bytes, rows) of what was written, by kind."""
    return {
        "schema": SCHEMA,
        "status": "complete",
        "runner": runner,
        "mode": "incremental" if job.incremental else "full",
        "dataset": job.dataset,
        "run_id": job.run_id,
        "spec": job.spec.document,
        "input": given.name,
        "data_fingerprint": fingerprint(tally.row_sum, tally.records),
        "inputs": [file.key for file in files],
        "records": tally.records,
        "counts": {"in": tally.rows_in, **{name: tally.total(name) for name in OUTCOMES}},
        "sources": {source: _source(tally, source) for source in sorted({file.source for file in files})},
        "files": _files(files, tally),
        "schema_changes": [
            {"key": file.key, "kind": file.change.kind, "detail": file.change.detail, "refused": file.change.refused}
            for file in files
            if file.change
        ],
        "quarantine_reasons": dict(sorted(tally.reasons.items())),
        "splits": {name: _split(tally, name) for name in SPLITS},
        "outputs": {kind: list(facts) for kind, facts in outputs.items()},
    }


def _source(tally: Tally, source: str) -> dict[str, int]:
    counts = {name: tally.rows[source, name] for name in OUTCOMES}
    return {"in": sum(counts.values()), **counts, "groups": tally.groups[source]}


def _files(files: list[RawFile], tally: Tally) -> dict[str, Any]:
    refused = [file for file in files if file.refused]
    broken = {key for key, _, _ in tally.broken}
    empty = [f for f in files if not f.refused and not tally.records_of_file[f.key] and f.key not in broken]
    return {
        "in": len(files),
        "read": len(files) - len(refused) - len(empty),
        "empty": len(empty),
        "quarantined": len(refused),
        "bytes": sum(file.size for file in files),
        "bytes_quarantined": sum(file.size for file in refused),
        "empty_keys": [file.key for file in empty],
        "refused": [{"key": file.key, "reason": file.refused, "bytes": file.size} for file in refused],
    }


def _split(tally: Tally, name: str) -> dict[str, Any]:
    """Count a split. Its labels are counted one by one, or only their range is known, or neither."""
    labels, rows = tally.labels, tally.split_rows[name]
    counted = None if labels is None else {label: tally.split_labels[name, label] for label in labels}
    groups = len(tally.split_groups[name]) if tally.grouped else rows
    between = tally.label_ranges.get(name)
    return {"rows": rows, "groups": groups, "labels": counted, "label_range": list(between) if between else None}


def groups_document(tally: Tally) -> bytes:
    """Return the groups of each split, to check that no group is in two."""
    return json.dumps({name: sorted(hashes) for name, hashes in tally.split_groups.items()}).encode()


# ---- whether it may stand -------------------------------------------------------------------------------


def imbalances(report: Mapping[str, Any]) -> list[str]:
    """Check that every row and file is in exactly one place; return a sentence for each place where it is not."""
    rows, files = report["counts"], report["files"]
    places = [(f"source '{name}'", facts) for name, facts in report["sources"].items()]
    problems = [
        f"rows of {name} do not add up: {c['in']} in, {c[PROCESSED]} processed, {c[LEFT_OUT]} left out, "
        f"{c[QUARANTINED]} quarantined"
        for name, c in [("all sources", rows), *places]
        if c["in"] != c[PROCESSED] + c[LEFT_OUT] + c[QUARANTINED]
    ]
    for name in ("in", *OUTCOMES):
        total = sum(facts[name] for _, facts in places)
        if total != rows[name]:
            problems.append(f"rows '{name}' of the sources are {total}, of the run {rows[name]}")
    if files["in"] != files["read"] + files["empty"] + files["quarantined"]:
        problems.append(f"files do not add up: {files}")
    reasons = sum(report["quarantine_reasons"].values())
    if reasons != rows[QUARANTINED]:
        problems.append(f"{rows[QUARANTINED]} rows quarantined, {reasons} with a reason")
    return problems + _unwritten(report)


def _unwritten(report: Mapping[str, Any]) -> list[str]:
    """Check that the numbers of counted and of written rows are equal."""
    rows = report["counts"]
    due = {"quarantine": rows[QUARANTINED] + report["files"]["quarantined"]}
    if report["status"] == "complete":
        due |= {"processed": rows[PROCESSED], "features": rows[PROCESSED]}
    written = {kind: sum(facts["rows"] for facts in report["outputs"].get(kind, ())) for kind in due}
    return [
        f"{written[kind]} rows written to {kind}, {due[kind]} counted" for kind in due if written[kind] != due[kind]
    ]


def refusal(job: Job, files: list[RawFile], tally: Tally) -> str | None:
    """Return why this input is refused; `None` if it is accepted."""
    if tally.broken:
        places = (f"{key} after record {line} ({reason})" for key, line, reason in tally.broken)
        return "; ".join(_listed(f"files of dataset '{job.dataset}' cannot be read to their end", places))
    bad = tally.total(QUARANTINED)
    refused = [file for file in files if file.refused]
    changed = [file for file in files if file.change and file.change.refused]
    what = [f"{bad} of {tally.rows_in} rows and {len(refused)} of {len(files)} files are in quarantine"]
    what += _listed("reasons", (f"{name} {count}" for name, count in sorted(tally.reasons.items())))
    what += _listed("files", (f"{file.key} {file.refused}" for file in refused))
    what += _listed(
        "changed schema", (f"{file.key} {file.change.kind}: {file.change.detail}" for file in changed if file.change)
    )
    story = "; ".join([*what, f"see {job.quarantine}"] if bad or refused else what)
    if not tally.total(PROCESSED):
        left_out = tally.total(LEFT_OUT)
        return f"no usable row in {len(files)} file(s) of dataset '{job.dataset}' ({left_out} left out): {story}"
    share = max(
        bad / tally.rows_in,
        sum(file.size for file in refused) / max(1, sum(file.size for file in files)),
    )
    limit = job.spec.max_quarantine_share
    if share > limit:
        return f"quarantine of dataset '{job.dataset}' is {share:.1%}, limit {limit:.1%}: {story}"
    return None


def _listed(title: str, items: Iterable[str]) -> list[str]:
    names = list(items)
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return [f"{title}: {', '.join(names[:NAMES_SHOWN])}{more}"] if names else []


def demand_balance(report: Mapping[str, Any]) -> None:
    """Raise `EtlError` if rows got lost or were counted twice: then the job itself is wrong."""
    problems = imbalances(report)
    if problems:
        raise EtlError("; ".join(problems))
