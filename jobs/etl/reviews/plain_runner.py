"""The job in one process: files are streamed, rows are written as they come, nothing is held but ids."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reviews import publish
from reviews.errors import EtlError
from reviews.files import RawFile, numbered_lines
from reviews.job import Job, entry, entry_of_file, inspect_all
from reviews.parts import JsonLines, ParquetParts
from reviews.report import Tally
from reviews.rules import PROCESSED, QUARANTINED, Judged, judge, quarantined, row_number
from reviews.split import group_hash, split_of

NAME = "plain"


def run(job: Job, store: Any) -> dict[str, Any]:
    """Run the job and return its report. Raises `EtlError`."""
    if job.incremental:
        raise EtlError("job bookmarks are kept by Glue's Spark; a plain process always takes all of the raw data")
    files = inspect_all(job, store)
    with tempfile.TemporaryDirectory(prefix="etl-") as folder:
        sink = Sink(job, Path(folder))
        for file in files:
            sink.take(file, store)
        return publish.finish(job, store, files, sink.tally, sink.close(), NAME)


class Sink:
    """Takes files, keeps the counts, and writes rows into files on disk."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._job, self._folder = job, folder
        self.tally = Tally()
        self._seen: set[str] = set()
        self._groups: dict[str, set[str]] = {}
        self._processed: dict[str, ParquetParts] = {}
        self._features: dict[str, ParquetParts] = {}
        self._labels = JsonLines(job.labels, folder)
        self._quarantine = JsonLines(job.quarantine, folder)

    def take(self, file: RawFile, store: Any) -> None:
        if file.refused:
            self._quarantine.add(entry_of_file(file))
            return
        groups = self._groups.setdefault(file.source, set())
        tally, count = self.tally, 0
        for number, line, size in numbered_lines(store.chunks(file.key)) if file.size else ():
            count += 1
            tally.row_sum += row_number(file.source, line)
            judged = self._judge(file, number, line)
            tally.rows[file.source, judged.outcome] += 1
            if judged.outcome == QUARANTINED:
                tally.reasons[judged.reason] += 1
                self._quarantine.add(entry(file.source, file.key, number, judged.reason, size, line))
            elif judged.outcome == PROCESSED:
                groups.add(judged.group_id)
                self._keep(file.source, judged)
        tally.taken_in += count
        tally.rows_of_file[file.key] += count
        tally.groups[file.source] = len(groups)

    def _judge(self, file: RawFile, number: int, line: bytes) -> Judged:
        judged = judge_in(file, number, line)
        if judged.outcome == QUARANTINED:
            return judged
        if judged.review_id in self._seen:
            return quarantined("duplicate_id")
        self._seen.add(judged.review_id)
        return judged

    def _keep(self, source: str, judged: Judged) -> None:
        row = judged[2:]
        if source not in self._processed:
            prefix = f"{self._job.processed}source={source}/"
            self._processed[source] = ParquetParts(prefix, self._folder, with_source=False)
        self._processed[source].add(row)
        split = split_of(judged.group_id, self._job.split_seed)
        if split not in self._features:
            self._features[split] = ParquetParts(f"{self._job.features}split={split}/", self._folder, with_source=True)
        self._features[split].add((*row, source))
        self.tally.split_labels[split, judged.label] += 1
        self.tally.split_groups[split].add(group_hash(judged.group_id))
        if split == "test":
            self._labels.add({"id": judged.review_id, "label": judged.label})

    def close(self) -> publish.Written:
        return publish.Written(
            processed=list(_closed(self._processed)),
            features=list(_closed(self._features)),
            labels=(self._labels.close(), self._labels.path),
            quarantine=(self._quarantine.close(), self._quarantine.path),
        )


def judge_in(file: RawFile, number: int, line: bytes) -> Judged:
    """Judge a line of a file whose columns may have changed."""
    if file.change:
        return quarantined(file.change.reason)
    return quarantined("header_line") if number == file.header else judge(file.source, line)


def _closed(parts: dict[str, ParquetParts]) -> Iterator[tuple[dict[str, Any], Path]]:
    for name in sorted(parts):
        yield from parts[name].close()
