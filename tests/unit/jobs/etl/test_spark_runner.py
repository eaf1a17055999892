"""Both runners write the same: needs PySpark 3.5 and Java, which neither set-up nor the local AWS brings.

python3.11 -m venv spark && spark/bin/pip install pyspark==3.5.4 pyarrow==17.0.0
SPARK_PYTHON=spark/bin/python make test ARGS=tests/unit/jobs/etl/test_spark_runner.py
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.jobs.etl.conftest import NOTES, good_rows
from tests.unit.jobs.etl.test_bad_data import FILES, GOOD, ROWS, SCHEMAS
from tests.unit.jobs.etl.test_readers import COLUMNS, FORMS, csv_text
from tests.unit.jobs.etl.test_split import VISITS, visits

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
from tabular import plain_runner, spark_runner
from tabular.errors import EtlError
from tabular.job import Job, only, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore
import notes_transform

settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
builder = SparkSession.builder.master("local[2]")
for name, value in settings.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
# Files of more than one piece, and tasks of more than one file.
spark_runner.PIECE_BYTES = 100_000
folder = Path(sys.argv[1])
for case in json.loads(Path(sys.argv[2]).read_text()):
    for runner in ("plain", "spark"):
        store = FolderStore(folder / runner / case["name"])
        errors = []
        for step in case["steps"]:
            spec = parse({**case["document"], **step.get("changed", {})})
            if runner == "plain" and step.get("incremental"):
                continue
            transform = getattr(notes_transform, case["transform"]) if case.get("transform") else None
            try:
                job = Job(spec, step["run_id"], transform, step.get("incremental", False))
                given = raw_folder(spec, store, job.raw)
                if "only" in step:
                    given = only(given, set(step["only"]))
                plain_runner.run(job, store, given) if runner == "plain" else spark_runner.run(job, store, given, spark)
            except EtlError as error:
                errors.append(str(error))
        store.put("errors.json", json.dumps(errors).encode())
"""
TWICE = '''

def twice(row):
    """Each visit twice, of which every tenth second one is bad, and none of every seventh."""
    if row["id"] % 7 == 0:
        return None
    again = {**row, "id": row["id"] + 100_000, "patient": None if row["id"] % 10 == 0 else row["patient"]}
    return [row, again]
'''
MANY = {"max_quarantine_share": 1.0}
ALONE: dict[str, Any] = {
    "name": "alone",
    "columns": [{"name": "a", "type": "bigint"}, {"name": "y", "type": "double"}],
    "roles": {"label": "y"},
}


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


def cases() -> list[dict[str, Any]]:
    """Each a document, steps, raw files, and the name of a transform."""
    one = [{"run_id": "r1"}]
    made: list[dict[str, Any]] = [
        {"name": "bad", "document": {**NOTES, **MANY}, "transform": "transform", "steps": one, "raw": everything()},
        {
            "name": "refused",
            "document": NOTES,
            "transform": "transform",
            "steps": one,
            "raw": {"source=amazon/a.txt": GOOD + b"x\n" * 100},
        },
        {
            "name": "broken",
            "document": NOTES,
            "transform": "transform",
            "steps": one,
            "raw": {"source=amazon/a.txt": GOOD, "source=amazon/b.gz": gzip.compress(GOOD)[:-9]},
        },
        {
            "name": "more",
            "document": NOTES,
            "transform": "transform",
            "steps": [
                {"run_id": "r1", "incremental": True, "only": ["data/raw/notes/source=amazon/a.txt"]},
                {
                    "run_id": "r2",
                    "incremental": True,
                    "only": ["data/raw/notes/source=amazon/b.txt"],
                    "changed": {"max_quarantine_share": 0.5},
                },
            ],
            "raw": {"source=amazon/a.txt": good_rows(100), "source=amazon/b.txt": good_rows(60, first=80)},
        },
        {
            "name": "rows",
            "document": {**VISITS, **MANY, "transform": "x"},
            "transform": "twice",
            "steps": one,
            "raw": {"a.csv": visits(500), "b.csv": visits(40)},
        },
        {
            "name": "alone",
            "document": ALONE,
            "steps": one,
            "raw": {"a.csv": b"a,y\n" + b"".join(b"%d,%d.5\n" % (n % 300, n % 4) for n in range(2000))},
        },
    ]
    for method in ("group", "stratified", "time"):
        document = {**VISITS, "split": {**VISITS["split"], "method": method}}
        made.append({"name": method, "document": document, "steps": one, "raw": {"a.csv": visits(400), "b.csv": b""}})
    for number, (_, form, name, body) in enumerate(FORMS):
        document = {"name": "people", "format": form, "columns": COLUMNS, "roles": {"id": "id", "label": "id"}, **MANY}
        raw = {name: body(), f"again-{name}": body()}
        made.append({"name": f"form-{number}", "document": document, "steps": one, "raw": raw})
    quotes = b'900,"never closed,1\n901,x,2\n902,"fine",3\n903,ok,4\n'
    document = {"name": "people", "columns": COLUMNS, "roles": {"id": "id"}, **MANY}
    made.append({"name": "quotes", "document": document, "steps": one, "raw": {"a.csv": csv_text().encode() + quotes}})
    return made


CASES = cases()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases in one Spark, whose start is what takes time: `plain/<case>` and `spark/<case>`."""
    folder = tmp_path_factory.mktemp("both")
    for case in CASES:
        for runner in ("plain", "spark"):
            for key, body in case["raw"].items():
                path = folder / runner / case["name"] / f"data/raw/{case['document']['name']}" / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
    plan = [{key: value for key, value in case.items() if key != "raw"} for case in CASES]
    (folder / "cases.json").write_text(json.dumps(plan))
    text = (Path(__file__).parent / "conftest.py").read_text()
    begin = text.index("def transform(")
    own = text[begin : text.index("def good_rows(")]
    (folder / "notes_transform.py").write_text(f"from __future__ import annotations\n\n\n{own}{TWICE}")
    path = f"{REPO / 'jobs/etl'}:{folder}"
    env = {**os.environ, "PYTHONPATH": path, "PYSPARK_PYTHON": PYTHON, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [PYTHON, "-c", BOTH, str(folder), str(folder / "cases.json")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    return folder


def report(folder: Path, name: str, run_id: str = "r1") -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((folder / f"data/processed/_reports/{name}/{run_id}.json").read_text())
    return parsed


def rows(folder: Path, layer: str, name: str) -> list[Any]:
    import pyarrow.parquet as pq

    result = []
    for path in sorted((folder / f"data/{layer}/{name}").rglob("*.parquet")):
        table = pq.ParquetFile(path).read()
        kinds = [str(kind) for kind in table.schema.types]
        result += [(path.parent.name, kinds, *row.values()) for row in table.to_pylist()]
    return result


@pytest.mark.parametrize("case", [case for case in CASES if case["name"] != "more"], ids=lambda case: case["name"])
def test_both_ways_give_the_same_rows_and_the_same_story(ran: Path, case: dict[str, Any]) -> None:
    plain, spark, name = ran / "plain" / case["name"], ran / "spark" / case["name"], case["document"]["name"]
    assert (plain / "errors.json").read_text() == (spark / "errors.json").read_text()
    refused = case["name"] in ("refused", "broken")
    assert (json.loads((plain / "errors.json").read_text()) != []) is refused
    for layer in ("processed", "features"):
        assert rows(plain, layer, name) == rows(spark, layer, name)
        assert (rows(plain, layer, name) == []) is refused
    for path in (f"features/labels/{name}/test.jsonl", f"quarantine/{name}/r1.jsonl"):
        files = [folder / "data" / path for folder in (plain, spark)]
        contents = [file.read_bytes() if file.exists() else b"" for file in files]
        assert contents[0] == contents[1]
    one, other = report(plain, name), report(spark, name)
    assert (one.pop("runner"), other.pop("runner")) == ("plain", "spark")
    for each in (one, other):
        each["outputs"] = {kind: sum(fact["rows"] for fact in facts) for kind, facts in each["outputs"].items()}
        each["input"] = Path(each["input"]).name
    if refused:
        # Nothing is split any more.
        one.pop("splits"), other.pop("splits")
    assert one == other


def test_something_of_everything_was_at_work(ran: Path) -> None:
    bad = report(ran / "spark/bad", "notes")
    assert len(bad["quarantine_reasons"]) > 12
    assert len(bad["files"]["refused"]) == len(FILES)
    assert report(ran / "spark/rows", "visits")["counts"]["in"] > report(ran / "spark/rows", "visits")["records"]
    assert "patient:required" in report(ran / "spark/rows", "visits")["quarantine_reasons"]
    assert report(ran / "spark/alone", "alone")["splits"]["train"]["label_range"] == [0.5, 3.5]


def test_an_incremental_run_adds_new_rows_and_quarantines_known_ones(ran: Path) -> None:
    folder = ran / "spark/more"
    assert (folder / "errors.json").read_text() == "[]"
    assert report(folder, "notes", "r2")["quarantine_reasons"] == {"duplicate_id": 21}
    assert report(folder, "notes", "r2")["mode"] == "incremental"
    assert len(rows(folder, "processed", "notes")) == len(rows(folder, "features", "notes")) == 139
    labels = (folder / "data/features/labels/notes/test.jsonl").read_text().splitlines()
    assert len(labels) == sum(row[0] == "split=test" for row in rows(folder, "features", "notes"))
