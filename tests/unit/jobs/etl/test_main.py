"""The entry: its command line, where it runs, and where it finds specification, code and raw files."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tabular.errors import EtlError

OWNER = "123456789012"
COLUMNS = [{"name": "id", "type": "bigint"}, {"name": "size", "type": "double", "required": False}]
SPEC: dict[str, Any] = {"name": "things", "columns": COLUMNS, "roles": {"id": "id"}}
HIVE = "org.apache.hadoop.hive"
LAZY = f"{HIVE}.serde2.lazy.LazySimpleSerDe"


@pytest.fixture(scope="session")
def etl(load_job: Callable[[str], ModuleType]) -> ModuleType:
    return load_job("etl/main.py")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        for bucket in ("data", "elsewhere"):
            boto3.client("s3").create_bucket(Bucket=bucket)
        boto3.client("glue").create_database(DatabaseInput={"Name": "sales"})
        yield boto3


@pytest.fixture
def run(etl: ModuleType, aws: Any) -> Callable[..., dict[str, Any]]:
    """`run(spec, {"bucket/key": b"…"})` is the report of a run."""

    def run(spec: dict[str, Any], objects: dict[str, bytes], *more: str) -> dict[str, Any]:
        s3 = aws.client("s3")
        s3.put_object(Bucket="data", Key="spec.json", Body=json.dumps(spec).encode())
        for name, body in objects.items():
            bucket, _, key = name.partition("/")
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        arguments = ["--bucket", "data", "--bucket_owner", OWNER, "--spec", "spec.json", "--run_id", "r1"]
        report: dict[str, Any] = etl.main([*arguments, *more])
        stored = s3.get_object(Bucket="data", Key=f"data/processed/_reports/{spec['name']}/r1.json")["Body"].read()
        assert json.loads(stored) == json.loads(json.dumps(report))
        return report

    return run


def rows(aws: Any, name: str = "things") -> list[tuple[Any, ...]]:
    import pyarrow.parquet as pq

    s3, cells = aws.client("s3"), []
    for item in s3.list_objects_v2(Bucket="data", Prefix=f"data/processed/{name}/").get("Contents", ()):
        body = s3.get_object(Bucket="data", Key=item["Key"])["Body"].read()
        folder = item["Key"].split("/")[-2]
        cells += [(folder, *row.values()) for row in pq.ParquetFile(io.BytesIO(body)).read().to_pylist()]
    return sorted(cells, key=str)


def test_options_that_glue_adds_are_let_through(etl: ModuleType) -> None:
    glue = ["--JOB_NAME", "j", "--scriptLocation", "s3://x", "--enable-metrics", "true", "--JOB_RUN_ID", "jr_1"]
    own = ["--bucket", "b", "--bucket_owner", OWNER, "--spec", "s.json", "--run_id", "r"]
    arguments = etl.parse_arguments([*own, *glue])
    assert (arguments.bucket, arguments.run_id, arguments.spec, arguments.JOB_NAME) == ("b", "r", "s.json", "j")
    assert (arguments.raw_bucket, arguments.job_bookmark_option) == (None, "job-bookmark-disable")


def test_this_is_not_glue(etl: ModuleType) -> None:
    assert not etl.on_glue()


def test_raw_files_are_in_the_dataset_s_folder(run: Any, aws: Any) -> None:
    report = run(SPEC, {"data/data/raw/things/2026/a.csv": b"id,size\n1,2\n", "data/data/raw/others/b.csv": b"id\n9\n"})
    assert (report["runner"], report["input"]) == ("plain", "s3://data/data/raw/things/")
    assert rows(aws) == [("things", 1, 2.0)]


def test_raw_files_may_be_in_another_bucket(run: Any, aws: Any) -> None:
    spec = {**SPEC, "source": {"type": "s3", "external": "shop", "prefix": "exports/things/"}}
    objects = {"elsewhere/exports/things/a.csv": b"id,size\n1,2\n", "data/data/raw/things/b.csv": b"id\n9\n"}
    report = run(spec, objects, "--raw_bucket", "elsewhere", "--raw_owner", OWNER)
    assert report["input"] == "s3://elsewhere/exports/things/"
    assert rows(aws) == [("things", 1, 2.0)]


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """`code("transform.py", "…")` puts a file where the job imports the dataset's own code from."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, text: str) -> None:
        (tmp_path / name).write_text(text)
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)

    return put


WITH_CODE = {**SPEC, "transform": "jobs/datasets/things"}


def test_code_of_the_dataset_is_imported_with_its_helpers(run: Any, aws: Any, code: Any) -> None:
    code("helper.py", "FACTOR = 10\n")
    code(
        "transform.py", "import helper\ndef transform(row):\n    return {**row, 'size': row['size'] * helper.FACTOR}\n"
    )
    run(WITH_CODE, {"data/data/raw/things/a.csv": b"id,size\n1,2\n"})
    assert rows(aws) == [("things", 1, 20.0)]


def test_a_transform_that_is_not_there_is_named(run: Any, code: Any) -> None:
    code("transform.py", "def other(row):\n    return row\n")
    with pytest.raises(EtlError, match="the code of dataset 'things' has no function `transform`"):
        run(WITH_CODE, {})


# ---- tables of the catalogue ----------------------------------------------------------------------------


def create_table(
    aws: Any,
    location: str,
    columns: list[str],
    library: str = LAZY,
    serde: dict[str, str] | None = None,
    keys: list[str] | None = None,
    **table: Any,
) -> None:
    storage = {
        "Columns": [{"Name": name, "Type": "string"} for name in columns],
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": library, "Parameters": serde or {}},
    }
    keyed = [{"Name": key, "Type": "string"} for key in keys or ()]
    given = {"Name": "things", "StorageDescriptor": storage, "PartitionKeys": keyed, **table}
    aws.client("glue").create_table(DatabaseName="sales", TableInput=given)


TABLE: dict[str, Any] = {**SPEC, "source": {"type": "glue", "database": "sales", "table": "things"}}


def parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO()
    pq.write_table(pa.table({"Size": [2.0], "note": ["x"], "id": [1]}), content)
    return content.getvalue()


FORMS: list[tuple[str, str, dict[str, str], dict[str, Any], bytes]] = [
    ("Hive's text", LAZY, {"field.delim": "|"}, {}, b"x|2|1\n"),
    ("Hive's default delimiter", LAZY, {"serialization.format": "1"}, {}, b"x\x012\x011\n"),
    ("a delimiter as an escape", LAZY, {"field.delim": "\\t"}, {}, b"x\t2\t1\n"),
    ("a header line", LAZY, {"field.delim": ","}, {"skip.header.line.count": "1"}, b"NOTE,SIZE,ID\nx,2,1\n"),
    ("quoted cells", f"{HIVE}.serde2.OpenCSVSerde", {"separatorChar": ",", "quoteChar": "'"}, {}, b"'x,\ny',2,1\n"),
    ("JSON", "org.openx.data.jsonserde.JsonSerDe", {}, {}, b'{"ID": 1, "size": 2, "note": "x"}\n'),
    ("Parquet", f"{HIVE}.ql.io.parquet.serde.ParquetHiveSerDe", {}, {}, parquet()),
]


@pytest.mark.parametrize(("library", "serde", "parameters", "body"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
def test_a_table_s_files_are_read_in_its_form_and_by_its_columns(
    run: Any, aws: Any, library: str, serde: dict[str, str], parameters: dict[str, str], body: bytes
) -> None:
    create_table(aws, "s3://elsewhere/t/", ["note", "size", "id"], library, serde, Parameters=parameters)
    report = run(TABLE, {"elsewhere/t/part-0": body, "elsewhere/t/_SUCCESS": b"", "elsewhere/other/x": b"no"})
    assert (report["input"], report["counts"]["in"]) == ("table sales.things", 1)
    assert rows(aws) == [("things", 1, 2.0)]


def test_hive_s_null_is_none(run: Any, aws: Any) -> None:
    create_table(aws, "s3://elsewhere/t", ["id", "size"], serde={"field.delim": ","})
    run(TABLE, {"elsewhere/t/a": b"1,\\N\n2,\n"})
    assert rows(aws) == [("things", 1, None), ("things", 2, None)]


def test_partitions_lie_where_the_catalogue_says(run: Any, aws: Any) -> None:
    create_table(aws, "s3://elsewhere/t/", ["id", "size"], serde={"field.delim": ","}, keys=["region", "year"])
    for value, location in (("2025", "s3://elsewhere/t/y=2025/"), ("2026", "s3://elsewhere/moved/")):
        descriptor = {"Location": location, "Columns": []}
        aws.client("glue").create_partition(
            DatabaseName="sales",
            TableName="things",
            PartitionInput={"Values": ["eu", value], "StorageDescriptor": descriptor},
        )
    spec = {**TABLE, "columns": [*COLUMNS, {"name": "year", "type": "bigint"}]}
    report = run(spec, {"elsewhere/t/y=2025/a": b"1,5\n", "elsewhere/moved/b": b"2,6\n", "elsewhere/t/stray": b"3,7\n"})
    assert report["sources"].keys() == {"2025", "2026"}
    assert rows(aws) == [("year=2025", 1, 5.0), ("year=2026", 2, 6.0)]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"library": "org.apache.hadoop.hive.ql.io.orc.OrcSerde"},
            "is stored with '.*orcserde', which the ETL does not",
        ),
        ({"TableType": "VIRTUAL_VIEW"}, "table sales.things is a view"),
        ({"Parameters": {"table_type": "ICEBERG"}}, "table sales.things is a ICEBERG"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(run: Any, aws: Any, table: dict[str, Any], words: str) -> None:
    create_table(aws, "s3://elsewhere/t/", ["id"], **table)
    with pytest.raises(EtlError, match=words):
        run(TABLE, {})


def test_a_table_that_is_not_there_is_named(run: Any) -> None:
    with pytest.raises(EtlError, match=r"table sales\.things of the catalogue cannot be read: EntityNotFoundException"):
        run(TABLE, {})


def test_a_table_without_files_is_named(run: Any, aws: Any) -> None:
    create_table(aws, "s3://elsewhere/t/", ["id"])
    with pytest.raises(EtlError, match=r"no raw data under table sales\.things"):
        run(TABLE, {})
