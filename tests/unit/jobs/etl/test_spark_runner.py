"""Both runners write the same: needs PySpark 3.5 and Java, which neither set-up nor the local AWS brings.

python3.11 -m venv spark && spark/bin/pip install pyspark==3.5.4 pyarrow==17.0.0
SPARK_PYTHON=spark/bin/python make test ARGS=tests/unit/jobs/etl/test_spark_runner.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.jobs.etl.conftest import RAW, good_rows
from tests.unit.jobs.etl.test_bad_data import FILES, GOOD, ROWS, SCHEMAS

REPO = Path(__file__).resolve().parents[4]
PYTHON = os.environ.get("SPARK_PYTHON", "")

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(not PYTHON, reason="SPARK_PYTHON names no interpreter with PySpark"),
    pytest.mark.skipif(not shutil.which("java"), reason="Java is not on PATH"),
]

BOTH = """
import json, sys
from pathlib import Path
from pyspark.sql import SparkSession
from reviews import plain_runner, spark_runner
from reviews.errors import EtlError
from reviews.job import Job
from reviews.store import FolderStore

settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
# Files of more than one piece, and pieces of more than one file.
settings |= {"spark.sql.files.maxPartitionBytes": "200000", "spark.sql.files.openCostInBytes": "0"}
builder = SparkSession.builder.master("local[2]")
for name, value in settings.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
folder = Path(sys.argv[1])
for case in json.loads(sys.argv[2]):
    for runner in ("plain", "spark"):
        store = FolderStore(folder / runner / case["name"])
        errors = []
        for step in case["steps"]:
            only = None
            if step.get("only"):
                only = {key: size for key, size in store.sizes("data/raw/reviews/").items() if key in step["only"]}
            if runner == "plain" and step["job"].get("incremental"):
                continue
            try:
                job = Job(dataset="reviews", split_seed="s", **step["job"])
                plain_runner.run(job, store) if runner == "plain" else spark_runner.run(job, store, spark, only)
            except EtlError as error:
                errors.append(str(error))
        store.put("errors.json", json.dumps(errors).encode())
"""


def everything() -> dict[str, bytes]:
    """Good rows in several pieces, and every kind of bad row, file and schema beside them in one folder."""
    raw = {"source=amazon/a.txt": b"\n\n" + good_rows(9000), "source=amazon/empty.txt": b""}
    for number, (_, objects, _) in enumerate(ROWS):
        body = b"".join(objects.values()).replace(GOOD, b"")
        if len(body) < 1_000_000:
            raw[f"source=movie/row-{number:02d}.txt"] = b"777\t0.0\tzero\n" + body
    for number, (_, files, _) in enumerate(FILES):
        for key, content in files.items():
            folder, name = key.split("/")
            raw[f"{folder}/{name[0]}{number}{name[1:]}"] = content() if callable(content) else content
    raw |= {f"source=schema/{number}.txt": body for number, (_, body, _, _) in enumerate(SCHEMAS)}
    raw["source=movie/long.txt"] = b"8\t1.0\t" + b"x" * 1_200_000 + b"\r\n9\t1.0\tshort\r\n"
    return raw


def lay_out(folder: Path, raw: dict[str, bytes]) -> None:
    for key, body in raw.items():
        path = folder / RAW / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases in one Spark, whose start is what takes time: `plain/<case>` and `spark/<case>`."""
    folder = tmp_path_factory.mktemp("both")
    cases: list[dict[str, Any]] = [
        {"name": "bad", "steps": [{"job": {"run_id": "r1", "max_quarantine_share": 1.0}}]},
        {"name": "refused", "steps": [{"job": {"run_id": "r1"}}]},
        {
            "name": "more",
            "steps": [
                {"job": {"run_id": "r1", "incremental": True}, "only": [f"{RAW}source=amazon/a.txt"]},
                {
                    "job": {"run_id": "r2", "incremental": True, "max_quarantine_share": 0.5},
                    "only": [f"{RAW}source=amazon/b.txt"],
                },
            ],
        },
    ]
    for runner in ("plain", "spark"):
        lay_out(folder / runner / "bad", everything())
        lay_out(folder / runner / "refused", {"source=amazon/a.txt": GOOD + b"x\n" * 100})
        more = {"source=amazon/a.txt": good_rows(100), "source=amazon/b.txt": good_rows(60, first=80)}
        lay_out(folder / runner / "more", more)
    env = {**os.environ, "PYTHONPATH": str(REPO / "jobs/etl"), "PYSPARK_PYTHON": PYTHON, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [PYTHON, "-c", BOTH, str(folder), json.dumps(cases)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def report(folder: Path, run_id: str = "r1") -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((folder / f"data/processed/_reports/reviews/{run_id}.json").read_text())
    return parsed


def rows(folder: Path, layer: str) -> list[Any]:
    import pyarrow.parquet as pq

    paths = (folder / f"data/{layer}/reviews").rglob("*.parquet")
    return sorted(
        (path.parent.name, *row.values()) for path in paths for row in pq.ParquetFile(path).read().to_pylist()
    )


def test_both_ways_give_the_same_rows_and_the_same_story(ran: Path) -> None:
    plain, spark = ran / "plain/bad", ran / "spark/bad"
    assert (plain / "errors.json").read_text() == (spark / "errors.json").read_text() == "[]"
    for layer in ("processed", "features"):
        assert rows(plain, layer) == rows(spark, layer) != []
    for name in ("features/labels/reviews/test.jsonl", "quarantine/reviews/r1.jsonl"):
        assert (plain / "data" / name).read_bytes() == (spark / "data" / name).read_bytes() != b""
    one, other = report(plain), report(spark)
    assert (one.pop("runner"), other.pop("runner")) == ("plain", "spark")
    for each_report in (one, other):
        each_report["outputs"] = {
            kind: sum(each["rows"] for each in facts) for kind, facts in each_report["outputs"].items()
        }
    assert one == other


def test_both_ways_refuse_in_the_same_words(ran: Path) -> None:
    plain, spark = ran / "plain/refused", ran / "spark/refused"
    assert (plain / "errors.json").read_text() == (spark / "errors.json").read_text()
    assert "limit 5.0%" in (spark / "errors.json").read_text()
    assert rows(spark, "features") == []


def test_an_incremental_run_adds_new_rows_and_quarantines_known_ones(ran: Path) -> None:
    folder = ran / "spark/more"
    assert (folder / "errors.json").read_text() == "[]"
    assert report(folder, "r2")["quarantine_reasons"] == {"duplicate_id": 21}
    assert report(folder, "r2")["mode"] == "incremental"
    assert len(rows(folder, "processed")) == len(rows(folder, "features")) == 139
    labels = (folder / "data/features/labels/reviews/test.jsonl").read_text().splitlines()
    assert len(labels) == sum(row[0] == "split=test" for row in rows(folder, "features"))
