"""A folder in place of the bucket, and good rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from reviews import plain_runner
from reviews.errors import EtlError
from reviews.job import Job
from reviews.store import FolderStore

RAW = "data/raw/reviews/"


def good_rows(count: int, first: int = 1) -> bytes:
    """Snippets of reviews, two of each, both labels."""
    rows = (f"{n // 2 + 1}_{n}\t{(-1) ** n * 1.5}\tsnippet number {n}" for n in range(first, first + count))
    return "".join(f"{row}\n" for row in rows).encode()


@dataclass
class Outcome:
    """What a run left behind, whether it ended well or not."""

    folder: Path
    error: str
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        path = self.folder / "data/quarantine/reviews/r1.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]] if path.exists() else []

    def rows(self, layer: str) -> list[dict[str, Any]]:
        import pyarrow.parquet as pq

        paths = sorted((self.folder / f"data/{layer}/reviews").rglob("*.parquet"))
        return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


@pytest.fixture
def make_job() -> Callable[..., Job]:
    def make(**options: Any) -> Job:
        return Job(**{"dataset": "reviews", "run_id": "r1", "split_seed": "reviews-v1", **options})

    return make


@pytest.fixture
def store(tmp_path: Path) -> Callable[[Mapping[str, bytes]], FolderStore]:
    """`store({"source=amazon/a.txt": b"…"})` holds these raw objects."""

    def make(raw: Mapping[str, bytes]) -> FolderStore:
        for key, body in raw.items():
            path = tmp_path / RAW / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return FolderStore(tmp_path)

    return make


@pytest.fixture
def transform(
    store: Callable[..., FolderStore], make_job: Callable[..., Job], tmp_path: Path
) -> Callable[..., Outcome]:
    """Runs the job on raw objects: by keys below the dataset's folder, their content."""

    def run(raw: Mapping[str, bytes], **options: Any) -> Outcome:
        job = make_job(**options)
        try:
            plain_runner.run(job, store(raw))
            error = ""
        except EtlError as failed:
            error = str(failed)
        path = tmp_path / job.report
        return Outcome(tmp_path, error, json.loads(path.read_text()) if path.exists() else {})

    return run
