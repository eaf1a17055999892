"""The end of a run: refuse or publish. The quarantine and the report are written in either case."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabular import report as reports
from tabular.errors import EtlError
from tabular.files import RawFile
from tabular.job import Input, Job
from tabular.report import Tally

log = logging.getLogger("etl")

Part = tuple[dict[str, Any], Path]
"""Facts of an object, and the file that it is made from."""


@dataclass
class Written:
    """What lies on disk, not yet in the store."""

    processed: list[Part]
    features: list[Part]
    labels: Part
    quarantine: Part


def finish(
    job: Job, store: Any, given: Input, files: list[RawFile], tally: Tally, written: Written, runner: str
) -> dict[str, Any]:
    """Publish what was written, and report. Raises `EtlError` when the input is refused: then data of earlier runs
    stays as it is, but the bad rows and the report are there."""
    outputs: dict[str, list[dict[str, Any]]] = {"quarantine": put_quarantine(store, written.quarantine)}
    refused = reports.refusal(job, files, tally)
    if refused:
        refuse(job, store, reports.build(job, given, files, tally, outputs, runner), refused)
    for kind, parts in (("processed", written.processed), ("features", written.features), ("labels", [written.labels])):
        outputs[kind] = [facts for facts, _ in parts]
        for facts, path in parts:
            store.put_file(facts["key"], path)
    return complete(job, store, given, files, tally, outputs, runner)


def put_quarantine(store: Any, part: Part) -> list[dict[str, Any]]:
    """Put the quarantine's object, if there is anything in it."""
    facts, path = part
    if not facts["rows"]:
        return []
    store.put_file(facts["key"], path)
    return [facts]


def refuse(job: Job, store: Any, report: dict[str, Any], why: str) -> None:
    """Write the report of a run that produced nothing, and raise `EtlError`."""
    report |= {"status": "refused", "refusal": why}
    store.put(job.report, json.dumps(report, indent=2).encode())
    reports.demand_balance(report)
    raise EtlError(why)


def complete(
    job: Job,
    store: Any,
    given: Input,
    files: list[RawFile],
    tally: Tally,
    outputs: dict[str, list[dict[str, Any]]],
    runner: str,
) -> dict[str, Any]:
    """Clean up after earlier runs, and report. The report comes last: what it lists is there."""
    groups = reports.groups_document(tally)
    store.put(job.groups, groups)
    rows = sum(map(len, tally.split_groups.values()))
    outputs["groups"] = [{"key": job.groups, "bytes": len(groups), "rows": rows}]
    report = reports.build(job, given, files, tally, outputs, runner)
    reports.demand_balance(report)
    if not job.incremental:
        _remove_older(store, [job.processed, job.features], report)
    store.put(job.report, json.dumps(report, indent=2).encode())
    for change in report["schema_changes"]:
        log.warning("schema changed: %s %s columns: %s", change["key"], change["kind"], change["detail"])
    log.info("report %s runner=%s counts=%s", store.uri(job.report), runner, json.dumps(report["counts"]))
    return report


def _remove_older(store: Any, prefixes: list[str], report: dict[str, Any]) -> None:
    """Delete objects of earlier runs that this one did not overwrite: readers of the folder would read them too."""
    kept = {facts["key"] for kind in ("processed", "features") for facts in report["outputs"][kind]}
    existing = {key for prefix in prefixes for key in store.sizes(prefix)}
    store.delete(existing - kept)
