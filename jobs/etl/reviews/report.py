"""What happened to every row and file, and whether that may stand. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reviews.errors import EtlError
from reviews.files import RawFile
from reviews.job import Job
from reviews.rules import LABELS, LEFT_OUT, OUTCOMES, PROCESSED, QUARANTINED, fingerprint
from reviews.split import SPLITS

NAMES_SHOWN = 10


@dataclass
class Tally:
    """Counts of one run. Runners fill it; nothing in it grows with the rows but the ids of groups."""

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By source and outcome."""
    reasons: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    """Reviews by source."""
    rows_of_file: Counter[str] = field(default_factory=Counter)
    """Rows read, by key."""
    split_labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    split_groups: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in SPLITS})
    """Short hashes of the reviews in each split."""
    row_sum: int = 0
    """Of `rules.row_number` over all rows that were read."""
    taken_in: int = 0
    """Rows that were read, counted on their own: the outcomes must add up to it."""

    def total(self, outcome: str) -> int:
        return sum(count for (_, each), count in self.rows.items() if each == outcome)


def build(
    job: Job, files: list[RawFile], tally: Tally, outputs: Mapping[str, list[dict[str, Any]]], runner: str
) -> dict[str, Any]:
    """Build the report. `outputs` are facts (key, bytes, rows) of what was written, by kind."""
    return {
        "schema": 2,
        "status": "complete",
        "runner": runner,
        "mode": "incremental" if job.incremental else "full",
        "dataset": job.dataset,
        "run_id": job.run_id,
        "split_seed": job.split_seed,
        "max_quarantine_share": job.max_quarantine_share,
        "data_fingerprint": fingerprint(tally.row_sum, tally.taken_in),
        "inputs": [file.key for file in files],
        "counts": {"in": tally.taken_in, **{name: tally.total(name) for name in OUTCOMES}},
        "sources": {source: _source(tally, source) for source in sorted({file.source for file in files})},
        "files": _files(files, tally),
        "schema_changes": [
            {"key": file.key, "kind": file.change.kind, "detail": file.change.detail} for file in files if file.change
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
    empty = [file for file in files if not file.refused and not tally.rows_of_file[file.key]]
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
    labels = {label: tally.split_labels[name, label] for label in LABELS}
    return {"rows": sum(labels.values()), "groups": len(tally.split_groups[name]), "labels": labels}


def groups_document(tally: Tally) -> bytes:
    """Return the reviews of each split, to check that no review is in two."""
    return json.dumps({name: sorted(hashes) for name, hashes in tally.split_groups.items()}).encode()


# ---- whether it may stand -------------------------------------------------------------------------------


def imbalances(report: Mapping[str, Any]) -> list[str]:
    """Check that every row and file is in exactly one place; return a sentence for each place where it is not."""
    rows, files = report["counts"], report["files"]
    places = [(name, facts) for name, facts in report["sources"].items()]
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
    bad = tally.total(QUARANTINED)
    refused = [file for file in files if file.refused]
    what = [f"{bad} of {tally.taken_in} rows and {len(refused)} of {len(files)} files are in quarantine"]
    what += _listed("reasons", (f"{name} {count}" for name, count in sorted(tally.reasons.items())))
    what += _listed("files", (f"{file.key} {file.refused}" for file in refused))
    what += _listed(
        "changed schema", (f"{file.key} {file.change.kind}: {file.change.detail}" for file in files if file.change)
    )
    story = "; ".join([*what, f"see {job.quarantine}"] if bad or refused else what)
    if not tally.total(PROCESSED):
        left_out = tally.total(LEFT_OUT)
        return f"no usable row in {len(files)} file(s) of dataset '{job.dataset}' ({left_out} left out): {story}"
    share = max(
        bad / tally.taken_in,
        sum(file.size for file in refused) / max(1, sum(file.size for file in files)),
    )
    if share > job.max_quarantine_share:
        return f"quarantine of dataset '{job.dataset}' is {share:.1%}, limit {job.max_quarantine_share:.1%}: {story}"
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
