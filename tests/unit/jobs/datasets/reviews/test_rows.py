"""The reviews' rows, splits and keys stay what they have always been: a version of the data is known by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tabular import plain_runner
from tabular.job import Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore

from tests.unit.jobs.datasets.reviews.raw_data import facts, files

REPO = Path(__file__).resolve().parents[5]
DIGESTS = json.loads((Path(__file__).parent / "digests.json").read_text())
"""Of the first version of the ETL, which knew these columns by name."""


def bundled() -> dict[str, bytes]:
    folder = REPO / ".cache" / "datasets" / "reviews"
    texts = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("source=*/*.txt")}
    if not texts:
        pytest.fail(f"the review data is not in {folder}: `make setup` fetches it")
    return texts


@pytest.mark.parametrize(("name", "raw"), [("generated", files), ("bundled", bundled)])
def test_the_rows_are_the_same(
    load_job: Callable[[str], ModuleType], tmp_path: Path, name: str, raw: Callable[[], dict[str, bytes]]
) -> None:
    document = json.loads((REPO / "jobs/datasets/reviews/spec.json").read_text())
    spec, store = parse({**document, "max_quarantine_share": 1.0}), FolderStore(tmp_path)
    job = Job(spec, "r1", load_job("datasets/reviews/transform.py").transform)
    for key, body in raw().items():
        path = tmp_path / job.raw / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    plain_runner.run(job, store, raw_folder(spec, store, job.raw))
    result: dict[str, Any] = facts(tmp_path, "r1")
    for split in result["splits"].values():
        assert split.pop("label_range") is None
    assert result == DIGESTS[name]
