"""Data that others made: scikit-learn's bundled sets, in every form, come out as they went in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[4]

RUN = """
import json, sys
from pathlib import Path
from sklearn import datasets
from tabular import plain_runner
from tabular.drift import normal
from tabular.job import Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore

name, form, method, folder = sys.argv[1:4] + [Path(sys.argv[4])]
bunch = getattr(datasets, f"load_{name}")(as_frame=True)
frame = bunch.frame
classes = len(bunch.get("target_names", ()))
if classes:
    frame["target"] = bunch.target.map(dict(enumerate(map(str, bunch.target_names))))
raw = folder / f"data/raw/{name}"
raw.mkdir(parents=True)
halves = (("a", frame.iloc[::2]), ("b", frame.iloc[1::2]))
for part, half in halves:
    if form == "csv":
        half.to_csv(raw / f"{part}.csv", index=False)
    elif form == "csv.gz":
        half.to_csv(raw / f"{part}.csv.gz", index=False)
    elif form == "jsonlines":
        half.to_json(raw / f"{part}.jsonl", orient="records", lines=True, double_precision=15)
    elif form == "json":
        half.to_json(raw / f"{part}.json", orient="records", double_precision=15)
    else:
        half.to_parquet(raw / f"{part}.parquet", index=False)
columns = [{"name": normal(column), "type": "double"} for column in frame.columns if column != "target"]
label = {"name": "target", "type": "string" if classes else "double"}
document = {
    "name": name,
    "format": {"type": form.removesuffix(".gz")},
    "columns": [*columns, label],
    "roles": {"label": "target"},
    "split": {"method": method},
    "max_quarantine_share": 0.0,
}
spec, store = parse(document), FolderStore(folder)
job = Job(spec, "r1")
plain_runner.run(job, store, raw_folder(spec, store, job.raw))
kinds = [float] * len(columns) + [str if classes else float]
expected = sorted([kind(cell) for kind, cell in zip(kinds, row)] for row in frame.itertuples(index=False, name=None))
(folder / "expected.json").write_text(json.dumps({"rows": expected, "spec": document}))
"""


@pytest.mark.parametrize(
    ("name", "form", "method", "count", "labels"),
    [
        ("diabetes", "csv", "group", 442, None),
        ("diabetes", "parquet", "group", 442, None),
        ("wine", "csv.gz", "stratified", 178, 3),
        ("wine", "jsonlines", "group", 178, 3),
        ("breast_cancer", "parquet", "stratified", 569, 2),
        ("breast_cancer", "json", "stratified", 569, 2),
        ("iris", "csv", "stratified", 150, 3),
    ],
)
def test_every_row_comes_out_as_it_went_in(
    run_job: Callable[..., Any], tmp_path: Path, name: str, form: str, method: str, count: int, labels: int | None
) -> None:
    import pyarrow.parquet as pq

    from data_validation import rules

    script = tmp_path / "run.py"
    script.write_text(RUN)
    done = run_job(script, name, form, method, str(tmp_path), PYTHONPATH=str(REPO / "jobs/etl"))
    assert done.returncode == 0, done.stderr
    expected = json.loads((tmp_path / "expected.json").read_text())
    report = json.loads((tmp_path / f"data/processed/_reports/{name}/r1.json").read_text())
    assert report["counts"] == {"in": count, "processed": count, "left_out": 0, "quarantined": 0}

    paths = sorted((tmp_path / f"data/features/{name}").rglob("*.parquet"))
    tables = {path.parent.name: pq.ParquetFile(path).read().to_pylist() for path in paths}
    result = [list(row.values())[1:] for rows in tables.values() for row in rows]
    assert_equal(sorted(result), expected["rows"], exact=form not in ("json", "jsonlines"))
    assert len({row["row_id"] for rows in tables.values() for row in rows}) == count

    shares = {split: len(rows) / count for split, rows in tables.items()}
    assert abs(shares["split=train"] - 0.8) < 0.06
    of_splits = [split["labels"] for split in report["splits"].values()]
    assert [None if each is None else len(each) for each in of_splits] == [labels] * 3
    folders = [tmp_path / f"data/features/{name}", tmp_path / f"data/features/labels/{name}"]
    files = [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]
    stored = {path.relative_to(tmp_path).as_posix(): path.stat().st_size for path in files}
    facts = rules.Facts(report, {}, stored, expected["spec"], rules.task_of(expected["spec"]))
    assert facts.task == ("classification" if labels else "regression")
    assert rules.broken_rules(facts) == []


def assert_equal(result: list[list[Any]], expected: list[list[Any]], *, exact: bool) -> None:
    """Compare rows; pandas writes numbers to JSON with 15 digits."""
    if exact:
        assert result == expected
        return
    assert len(result) == len(expected)
    for one, other in zip(result, expected, strict=True):
        assert one[:-1] == pytest.approx(other[:-1], rel=1e-14)
        assert one[-1] == other[-1]
