"""The ETL as a Glue job of Spark, end to end: code and specification from the bucket; rows or quarantine out."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.packaging import SourcePackager
from tests.support.compute import ROLE, unique, wait_for

pytestmark = pytest.mark.emulator

REPO = Path(__file__).resolve().parents[3]
SPEC: dict[str, Any] = json.loads((REPO / "jobs/datasets/reviews/spec.json").read_text(encoding="utf-8"))
GOOD = "".join(f"{n // 2}_{n}\t{(-1) ** n * 1.5}\tsnippet {n}\n" for n in range(200)).encode()
A, M = "source=amazon/a.txt", "source=movie/m.txt"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The packages as they are deployed."""
    built = SourcePackager(REPO).build(tmp_path_factory.mktemp("packages"))
    return {name: built[name].path.read_bytes() for name in ("etl_script", "etl_library", "dataset_reviews")}


class EtlJob:
    """A job with its own bucket."""

    def __init__(self, aws: Any, code: dict[str, bytes]) -> None:
        self.s3, self.glue, self.logs = aws("s3"), aws("glue"), aws("logs")
        self.name = unique("etl")
        self.s3.create_bucket(Bucket=self.name)
        for name, body in code.items():
            self.s3.put_object(Bucket=self.name, Key=f"code/{name}", Body=body)
        zips = [f"code/{name}.zip" for name in ("etl_library", "dataset_reviews")]
        for key in zips:
            self.s3.put_object(Bucket=self.name, Key=key, Body=code[key[len("code/") : -len(".zip")]])
        self.describe(SPEC)
        self.glue.create_job(
            Name=self.name,
            Role=ROLE,
            GlueVersion="5.0",
            WorkerType="G.1X",
            NumberOfWorkers=2,
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{self.name}/code/etl_script", "PythonVersion": "3"},
            DefaultArguments={
                "--extra-py-files": ",".join(f"s3://{self.name}/{key}" for key in zips),
                "--job-bookmark-option": "job-bookmark-disable",
                "--bucket": self.name,
                "--bucket_owner": "123456789012",
                "--spec": "code/spec.json",
            },
        )

    def describe(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.s3.put_object(Bucket=self.name, Key="code/spec.json", Body=json.dumps(spec).encode())

    def run(self, raw: dict[str, bytes], **arguments: str) -> dict[str, Any]:
        for key, body in raw.items():
            self.s3.put_object(Bucket=self.name, Key=f"data/raw/{self.spec['name']}/{key}", Body=body)
        given = {"--run_id": "r1", **{f"--{name}": value for name, value in arguments.items()}}
        run_id = self.glue.start_job_run(JobName=self.name, Arguments=given)["JobRunId"]
        ended: dict[str, Any] = wait_for(
            lambda: self.glue.get_job_run(JobName=self.name, RunId=run_id)["JobRun"],
            until=lambda run: run["JobRunState"] in ("SUCCEEDED", "FAILED"),
        )
        return ended

    def read(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.read(f"data/processed/_reports/{self.spec['name']}/r1.json"))
        return document

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])]


@pytest.fixture
def etl(aws: Any, code: dict[str, bytes]) -> EtlJob:
    return EtlJob(aws, code)


def test_bad_rows_and_files_are_set_aside_and_a_run_reports_that_it_had_no_spark(etl: EtlJob, seen: Any) -> None:
    bad = b"9\tvery good\ta\n9\t1.0\tcaf\xe9\n"
    etl.describe({**SPEC, "max_quarantine_share": 0.9})
    ended = etl.run({A: GOOD + bad, M: gzip.compress(GOOD)})
    assert (ended["JobRunState"], ended["LogGroupName"]) == ("SUCCEEDED", "/aws-glue/jobs")
    report = etl.report()
    assert report["counts"] == {"in": 202, "processed": 200, "left_out": 0, "quarantined": 2}
    assert (report["runner"], report["files"]["quarantined"]) == ("plain", 1)
    entries = [json.loads(line) for line in etl.read("data/quarantine/reviews/r1.jsonl").splitlines()]
    assert [(entry["reason"], entry["line"]) for entry in entries] == [
        ("rating:type", 201),
        ("not_utf8", 202),
        ("file_is_gzip", 0),
    ]
    events = etl.logs.get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=ended["Id"])["events"]
    assert any("runner=plain" in event["message"] for event in events)
    [record] = seen(kind="glue-job", resource=etl.name)
    assert (record["status"], record["detail"]["command"]) == ("succeeded", "glueetl")
    assert "neither Spark" in record["detail"]["engine"]


def test_a_changed_schema_fails_the_run_and_leaves_the_data_as_it_was(etl: EtlJob) -> None:
    assert etl.run({A: GOOD})["JobRunState"] == "SUCCEEDED"
    before = {key: base64.b64encode(etl.read(key)) for key in etl.keys("data/features/")}
    swapped = b"".join(b"\t".join(reversed(line.split(b"\t"))) + b"\n" for line in GOOD.splitlines())
    ended = etl.run({M: swapped})
    assert ended["JobRunState"] == "FAILED"
    assert "changed schema: data/raw/reviews/source=movie/m.txt reordered: text, rating, id" in ended["ErrorMessage"]
    assert "200 of 400 rows" in ended["ErrorMessage"]
    assert before == {key: base64.b64encode(etl.read(key)) for key in etl.keys("data/features/")}
    assert (etl.report()["status"], len(etl.read("data/quarantine/reviews/r1.jsonl").splitlines())) == ("refused", 200)


def test_files_of_a_removed_source_are_removed(etl: EtlJob) -> None:
    etl.run({A: GOOD, M: GOOD})
    etl.s3.delete_object(Bucket=etl.name, Key=f"data/raw/reviews/{M}")
    assert etl.run({})["JobRunState"] == "SUCCEEDED"
    assert etl.keys("data/processed/reviews/") == ["data/processed/reviews/source=amazon/part-00000.parquet"]


def test_another_dataset_needs_its_specification_only(etl: EtlJob) -> None:
    columns = [
        {"name": "age", "type": "bigint", "minimum": 0},
        {"name": "city", "type": "string", "required": False},
        {"name": "spent", "type": "double"},
    ]
    etl.describe({"name": "customers", "columns": columns, "roles": {"label": "spent"}})
    rows = [f'{20 + n},"City, {n % 3}",{n / 2}' for n in range(100)]
    ended = etl.run({"2026/07/a.csv.gz": gzip.compress("\n".join(["Age,City,Spent", *rows]).encode())})
    assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")
    report = etl.report()
    assert (report["counts"]["processed"], report["splits"]["train"]["labels"]) == (100, None)
    assert etl.keys("data/processed/customers/") == ["data/processed/customers/part-00000.parquet"]
    folders = {key.split("/")[3] for key in etl.keys("data/features/customers/")}
    assert folders == {"split=train", "split=validation", "split=test"}


def test_a_table_of_the_catalogue_is_read_where_and_as_it_says(etl: EtlJob, aws: Any) -> None:
    database = unique("sales").replace("-", "_")
    etl.glue.create_database(DatabaseInput={"Name": database})
    storage = {
        "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "amount", "Type": "double"}],
        "Location": f"s3://{etl.name}/exports/orders/",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": "|"},
        },
    }
    keys = [{"Name": "region", "Type": "string"}]
    table = {"Name": "orders", "StorageDescriptor": storage, "PartitionKeys": keys}
    etl.glue.create_table(DatabaseName=database, TableInput=table)
    for region in ("eu", "us"):
        location = f"{storage['Location']}{region}/"
        partition = {"Values": [region], "StorageDescriptor": {**storage, "Location": location}}
        etl.glue.create_partition(DatabaseName=database, TableName="orders", PartitionInput=partition)
        body = "".join(f"{n}|{n}.5\n" for n in range(50 * (region == "us"), 50 + 50 * (region == "us")))
        etl.s3.put_object(Bucket=etl.name, Key=f"exports/orders/{region}/part-0", Body=body.encode())
    columns = [
        {"name": name, "type": kind} for name, kind in (("id", "bigint"), ("amount", "double"), ("region", "string"))
    ]
    source = {"type": "glue", "database": database, "table": "orders"}
    etl.describe({"name": "orders", "source": source, "columns": columns, "roles": {"id": "id", "label": "region"}})
    ended = etl.run({})
    assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")
    report = etl.report()
    assert {name: counts["processed"] for name, counts in report["sources"].items()} == {"eu": 50, "us": 50}
    assert etl.keys("data/processed/orders/") == [
        "data/processed/orders/region=eu/part-00000.parquet",
        "data/processed/orders/region=us/part-00000.parquet",
    ]
