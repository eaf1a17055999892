"""The job in one process: files are streamed, rows are written as they come, nothing is held but ids.

Rows are split in a second pass over what the first wrote, since some methods need all rows for that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabular import publish
from tabular.contract import PROCESSED, QUARANTINED, Ids, Judged, moment, quarantined, row_number
from tabular.errors import EtlError
from tabular.files import RawFile
from tabular.job import Input, Job, entry, entry_of_file, inspect_all
from tabular.parts import JsonLines, ParquetParts, Rows, schema_of
from tabular.readers import BROKEN, Record, records, whole
from tabular.report import Tally
from tabular.second_pass import Rule, SecondPass
from tabular.spec import Split
from tabular.split import border_times, by_time, smallest, split_of, stratified

NAME = "plain"


def run(job: Job, store: Any, given: Input) -> dict[str, Any]:
    """Run the job and return its report. Raises `EtlError`.

    Args:
        store: where its output goes.
        given: its raw files.
    """
    if job.incremental:
        raise EtlError("job bookmarks are kept by Glue's Spark; a plain process always takes all of the raw data")
    files = inspect_all(job, given)
    with tempfile.TemporaryDirectory(prefix="etl-") as folder:
        sink = Sink(job, given, Path(folder))
        for file in files:
            sink.take(file)
        return publish.finish(job, store, given, files, sink.tally, sink.close(), NAME)


class Sink:
    """Takes files, keeps the counts, and writes rows into files on disk."""

    def __init__(self, job: Job, given: Input, folder: Path) -> None:
        self._job, self._spec, self._given, self._folder = job, job.spec, given, folder
        self._judge, self._ids = job.contract.judge, Ids(job.spec)
        self.tally = Tally(job.spec)
        self._groups: dict[str, set[str]] = {}
        # Labels of groups, or times of rows: what the method of splitting needs from all rows.
        self._labels: list[tuple[str, str]] = []
        self._times: list[float | int] = []
        self._processed: dict[tuple[str, ...], Rows] = {}
        self._quarantine = JsonLines(job.quarantine, folder)
        self._schema, self._width = schema_of(job.spec.stored_columns), len(job.spec.stored_columns)

    def take(self, file: RawFile) -> None:
        if file.refused:
            self._quarantine.add(entry_of_file(file))
            return
        self._groups.setdefault(file.source, set())
        for piece in whole(file) if file.size else ():
            for record in records(self._given.layout, self._given.store, piece):
                self._take(file, record)
        grouped = self._spec.roles.group is not None
        processed = self.tally.rows[file.source, PROCESSED]
        self.tally.groups[file.source] = len(self._groups[file.source]) if grouped else processed

    def _take(self, file: RawFile, record: Record) -> None:
        tally, reason = self.tally, record.reason
        if reason in BROKEN:
            tally.broken.append((file.key, record.line, reason))
        else:
            tally.records += 1
            tally.records_of_file[file.key] += 1
            tally.row_sum += row_number(file.source, record.raw)
        rows = [quarantined(reason)] if reason else self._judge(record.values, file.folders)
        tally.rows_in += len(rows)
        for row in rows:
            made = self._ids.taken(row)
            tally.rows[file.source, made.outcome] += 1
            if made.outcome == PROCESSED:
                self._keep(file, made)
            elif made.outcome == QUARANTINED:
                tally.reasons[made.reason] += 1
                self._quarantine.add(entry(file, record.line, made.reason, record.size, record.raw))

    def _keep(self, file: RawFile, row: Judged) -> None:
        rows = self._processed.get(file.folders)
        if rows is None:
            parts = ParquetParts(self._job.processed_folder(file.folders), self._folder)
            rows = self._processed[file.folders] = Rows(parts, self._schema)
        rows.add(row.cells[: self._width])
        method = self._spec.split.method
        if self._spec.roles.group is not None:
            self._groups[file.source].add(row.group)
        if method == "stratified":
            self._labels.append((row.group, row.label or ""))
        elif method == "time" and row.at is not None:
            self._times.append(row.at)

    def close(self) -> publish.Written:
        processed = {folders: rows.close() for folders, rows in self._processed.items()}
        second = SecondPass(self._job, self._folder, self.tally, self._rule())
        for folders, parts in processed.items():
            for _, path in parts:
                second.take(path, folders)
        features, labels = second.close()
        return publish.Written(
            processed=[part for _, parts in sorted(processed.items()) for part in parts],
            features=features,
            labels=labels,
            quarantine=(self._quarantine.close(), self._quarantine.path),
        )

    def _rule(self) -> Rule:
        split = self._spec.split
        if split.method == "stratified":
            splits = stratified(smallest(self._labels), split)
            return lambda groups, times: [splits[group] for group in groups]
        if split.method == "time":
            begins = border_times(self._times, split)
            return lambda groups, times: [by_time(moment(time) or 0, begins) for time in times]
        return lambda groups, times: by_group(groups, split)


def by_group(groups: Sequence[str], split: Split) -> list[str]:
    known = {group: split_of(group, split) for group in set(groups)}
    return [known[group] for group in groups]
