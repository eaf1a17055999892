"""A folder in place of the bucket, a small dataset, and good rows of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tabular import plain_runner
from tabular.errors import EtlError
from tabular.job import Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore

RAW = "data/raw/notes/"
NOTES: dict[str, Any] = {
    "name": "notes",
    "source": {"type": "s3"},
    "format": {"type": "tsv", "header": False, "quote": ""},
    "partitions": ["source"],
    "columns": [
        {"name": "id", "type": "string", "pattern": r"[0-9]{1,18}(_[0-9]{1,9})?"},
        {"name": "rating", "type": "double", "minimum": -4, "maximum": 4},
        {"name": "text", "type": "string"},
    ],
    "transform": "notes",
    "output": [
        {"name": "note", "type": "string"},
        {"name": "author", "type": "string"},
        {"name": "rating", "type": "double"},
        {"name": "label", "type": "string", "values": ["bad", "good"]},
        {"name": "text", "type": "string", "max_length": 100_000},
    ],
    "roles": {"id": "note", "group": "author", "label": "label"},
    "split": {"seed": "v1", "train": 0.7, "validation": 0.15, "test": 0.15},
    "max_quarantine_share": 0.05,
}


def transform(row: dict[str, Any]) -> dict[str, Any] | None:
    """A note's label is the sign of its rating; zero has none."""
    if not row["text"].strip():
        raise ValueError("empty_text")
    if row["rating"] == 0:
        return None
    return {
        "note": f"{row['source']}-{row['id']}",
        "author": f"{row['source']}-{row['id'].split('_')[0]}",
        "rating": row["rating"],
        "label": "good" if row["rating"] > 0 else "bad",
        "text": row["text"],
    }


def good_rows(count: int, first: int = 1) -> bytes:
    """Notes of authors, two of each, both labels."""
    rows = (f"{n // 2 + 1}_{n}\t{(-1) ** n * 1.5}\tnote number {n}" for n in range(first, first + count))
    return "".join(f"{row}\n" for row in rows).encode()


@dataclass
class Outcome:
    """What a run left behind, whether it ended well or not."""

    folder: Path
    name: str
    error: str
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        path = self.folder / f"data/quarantine/{self.name}/r1.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]] if path.exists() else []

    @property
    def reasons(self) -> dict[str, int]:
        reasons: dict[str, int] = self.report["quarantine_reasons"]
        return reasons

    @property
    def labels(self) -> list[dict[str, Any]]:
        path = self.folder / f"data/features/labels/{self.name}/test.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def rows(self, layer: str = "features", within: str = "") -> list[dict[str, Any]]:
        import pyarrow.parquet as pq

        paths = sorted((self.folder / f"data/{layer}/{self.name}" / within).rglob("*.parquet"))
        return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


Run = Callable[..., Outcome]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.fixture
def run(tmp_path: Path, store: FolderStore) -> Run:
    """`run(spec, {"a.csv": b"…"}, transform)` runs the job on raw objects, named below the dataset's folder."""

    def run(
        document: Mapping[str, Any], raw: Mapping[str, bytes], transform: Any = None, *, run_id: str = "r1"
    ) -> Outcome:
        name = document["name"]
        for key, body in raw.items():
            path = tmp_path / f"data/raw/{name}" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        error = ""
        job = None
        try:
            spec = parse(document)
            job = Job(spec, run_id, transform)
            plain_runner.run(job, store, raw_folder(spec, store, job.raw))
        except EtlError as failed:
            error = str(failed)
        path = tmp_path / job.report if job else tmp_path / "none"
        return Outcome(tmp_path, name, error, json.loads(path.read_text()) if path.exists() else {})

    return run


@pytest.fixture
def notes(run: Run) -> Run:
    """`notes({"source=amazon/a.txt": b"…"}, max_quarantine_share=1)` runs the job on raw notes."""

    def run_notes(raw: Mapping[str, bytes], *, run_id: str = "r1", **changed: Any) -> Outcome:
        return run({**NOTES, **changed}, raw, transform, run_id=run_id)

    return run_notes
