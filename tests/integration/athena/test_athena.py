"""Queries over the catalogue and the bucket, with Athena's results and errors."""

from __future__ import annotations

import copy
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support import keys
from tests.support.compute import unique, wait_for

pytestmark = pytest.mark.emulator

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
JSON = "org.openx.data.jsonserde.JsonSerDe"


class Athena:
    """A database, a work group, and queries in them."""

    def __init__(self, aws: Any, bucket: str) -> None:
        self.client, self.glue, self.s3, self.bucket = aws("athena"), aws("glue"), aws("s3"), bucket
        self.database = unique("db").replace("-", "_")
        self.output = f"s3://{bucket}/results-{self.database}/"
        self.glue.create_database(DatabaseInput={"Name": self.database})

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=f"{self.database}/{key}", Body=body)

    def table(
        self,
        name: str,
        columns: dict[str, str],
        serde: str,
        *,
        keys: tuple[str, ...] = (),
        partitions: tuple[str, ...] = (),
        **options: str,
    ) -> None:
        storage = {
            "Location": f"s3://{self.bucket}/{self.database}/{name}/",
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "SerdeInfo": {
                "SerializationLibrary": serde,
                "Parameters": {k.replace("_", "."): v for k, v in options.items()},
            },
        }
        described = {"Name": name, "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys]}
        self.glue.create_table(DatabaseName=self.database, TableInput={**described, "StorageDescriptor": storage})
        for value in partitions:
            place = {**storage, "Location": f"{storage['Location']}{keys[0]}={value}/"}
            self.glue.create_partition(
                DatabaseName=self.database,
                TableName=name,
                PartitionInput={"Values": [value], "StorageDescriptor": place},
            )

    def run(self, sql: str, **options: Any) -> dict[str, Any]:
        """Run a query and return its description once it has ended."""
        if "WorkGroup" not in options:
            options["ResultConfiguration"] = {"OutputLocation": self.output}
        started = self.client.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": self.database}, **options
        )["QueryExecutionId"]
        return dict(
            wait_for(
                lambda: self.client.get_query_execution(QueryExecutionId=started)["QueryExecution"],
                until=lambda result: result["Status"]["State"] not in ("QUEUED", "RUNNING"),
            )
        )

    def rows(self, sql: str, header: int = 1, **options: Any) -> list[list[str | None]]:
        """Return all rows except the header, which only queries have."""
        done = self.run(sql, **options)
        assert done["Status"]["State"] == "SUCCEEDED", done["Status"]
        pages = self.client.get_paginator("get_query_results").paginate(
            QueryExecutionId=done["QueryExecutionId"], PaginationConfig={"PageSize": 2}
        )
        rows = [row for page in pages for row in page["ResultSet"]["Rows"]]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[header:]]

    def refused(self, sql: str, **options: Any) -> str:
        done = self.run(sql, **options)
        assert done["Status"]["State"] == "FAILED", done["Status"]
        return str(done["Status"]["StateChangeReason"])


@pytest.fixture(scope="module")
def athena(aws: Any, bucket: str) -> Athena:
    return Athena(aws, bucket)


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.fixture(scope="module")
def reviews(athena: Athena) -> Athena:
    """Two partitions; the second file lacks a column."""
    athena.put("reviews/source=amazon/a.parquet", parquet(id=["1", "2", "3"], rating=[2.5, -1.0, None]))
    athena.put("reviews/source=movie/b.parquet", parquet(id=["9"]))
    athena.put("reviews/source=movie/_temporary", b"not Parquet")
    athena.table(
        "reviews", {"id": "string", "rating": "double"}, PARQUET, keys=("source",), partitions=("amazon", "movie")
    )
    return athena


def test_partitions_counts_and_nulls(reviews: Athena, seen: Any) -> None:
    sql = (
        "SELECT source, count(*) AS n, count(rating) AS rated, sum(rating) AS total FROM reviews GROUP BY 1 ORDER BY 1"
    )
    assert reviews.rows(sql) == [["amazon", "3", "2", "1.5"], ["movie", "1", "0", None]]
    record = seen(kind="athena-query")[-1]
    assert (record["status"], record["fidelity"], record["exit_code"]) == ("succeeded", "executed", 0)


def test_the_result_is_a_csv_object_with_null_as_nothing(reviews: Athena) -> None:
    done = reviews.run("SELECT id, rating FROM reviews WHERE source = 'amazon' ORDER BY id")
    bucket, _, key = done["ResultConfiguration"]["OutputLocation"][5:].partition("/")
    body = reviews.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert body == '"id","rating"\n"1","2.5"\n"2","-1.0"\n"3",\n'


def test_a_query_scans_the_partitions_that_it_names_and_no_others(reviews: Athena) -> None:
    everything = reviews.run("SELECT * FROM reviews")["Statistics"]["DataScannedInBytes"]
    one = reviews.run("SELECT * FROM reviews r WHERE r.source = 'movie' AND id > '0'")["Statistics"][
        "DataScannedInBytes"
    ]
    other = reviews.run("SELECT * FROM reviews WHERE source IN ('amazon')")["Statistics"]["DataScannedInBytes"]
    assert 0 < one < everything == one + other


def test_functions_of_trino_work(reviews: Athena) -> None:
    sql = (
        "WITH rated AS (SELECT * FROM reviews WHERE rating IS NOT NULL) "
        "SELECT approx_distinct(id), max_by(id, rating), cardinality(array_agg(id)), "
        "date_format(timestamp '2026-01-02 03:04:05', '%Y-%m') FROM rated"
    )
    assert reviews.rows(sql) == [["2", "1", "2", "2026-01"]]


def test_parameters_are_bound(reviews: Athena) -> None:
    sql = "SELECT id FROM reviews WHERE source = ? AND rating > ?"
    assert reviews.rows(sql, ExecutionParameters=["'amazon'", "0"]) == [["1"]]
    assert "expected 2 but found 1" in reviews.refused(sql, ExecutionParameters=["'amazon'"])


def test_text_is_read_as_hive_reads_it(athena: Athena) -> None:
    rows = b"1\t2.5\tgood\n2\tmuch\t\\N\n3\n4\t1\tmore\tthan its columns\n5\t0\tcaf\xe9\n"
    athena.put("lines/a.txt", rows)
    athena.put("lines/b.txt.gz", gzip.compress(b'6\t-1\t"quoted"\n'))
    athena.table("lines", {"id": "int", "rating": "double", "words": "string"}, LAZY, field_delim="\t")
    assert athena.rows("SELECT * FROM lines ORDER BY id") == [
        ["1", "2.5", "good"],
        ["2", None, None],
        ["3", None, None],
        ["4", "1.0", "more"],
        ["5", "0.0", "caf\ufffd"],
        ["6", "-1.0", '"quoted"'],
    ]


def test_csv_and_json_are_read(athena: Athena) -> None:
    athena.put("csv/a.csv", b'name,size\n"one, two",1\nthree,x\n')
    athena.table("csv", {"name": "string", "size": "int"}, OPEN_CSV, skip_header_line_count="1")
    assert athena.rows("SELECT name, size FROM csv ORDER BY name") == [["one, two", "1"], ["three", None]]
    athena.put("json/a.json", b'{"a": 1, "b": {"c": [1, 2]}}\n{"a": 2}\n')
    athena.table("json", {"a": "bigint", "b": "struct<c:array<int>>"}, JSON)
    assert athena.rows("SELECT a, b.c[2] FROM json ORDER BY a") == [["1", "2"], ["2", None]]


def test_a_table_made_from_a_query_is_a_table(reviews: Athena) -> None:
    done = reviews.run("CREATE TABLE best WITH (format = 'PARQUET') AS SELECT id, rating FROM reviews WHERE rating > 0")
    assert (done["Status"]["State"], done["StatementType"]) == ("SUCCEEDED", "DDL")
    assert reviews.rows("SELECT * FROM best") == [["1", "2.5"]]
    assert "already exists" in reviews.refused("CREATE TABLE best AS SELECT 1 AS a")
    assert ["best"] in reviews.rows("SHOW TABLES", header=0)
    assert reviews.rows("DESCRIBE best", header=0) == [["id\tstring\t"], ["rating\tdouble\t"]]
    assert reviews.rows("DROP TABLE best", header=0) == []
    assert "TABLE_NOT_FOUND" in reviews.refused("SELECT * FROM best")


def test_the_limit_of_bytes_is_kept(reviews: Athena) -> None:
    name = unique("limited")
    reviews.client.create_work_group(
        Name=name,
        Configuration={
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfiguration": {"OutputLocation": reviews.output},
        },
    )
    reviews.put("large/a.txt", b"x" * 10_000_001)
    reviews.table("large", {"line": "string"}, LAZY)
    done = reviews.run("SELECT count(*) FROM large", WorkGroup=name)
    assert done["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in done["Status"]["StateChangeReason"]
    assert reviews.run("SELECT * FROM reviews", WorkGroup=name)["Status"]["State"] == "SUCCEEDED"
    moved = "CREATE TABLE elsewhere WITH (external_location = 's3://x/y/') AS SELECT 1 AS a"
    assert "centralized output location" in str(reviews.run(moved, WorkGroup=name)["Status"]["StateChangeReason"])


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELEC 1", "SYNTAX_ERROR"),
        ("SELECT * FROM nowhere", "TABLE_NOT_FOUND"),
        ("SELECT nothing FROM reviews", "COLUMN_NOT_FOUND"),
        ("SELECT CAST(id AS date) FROM reviews", "INVALID_CAST_ARGUMENT"),
        ("SELECT 1; SELECT 2", "Only one sql statement"),
        ("VACUUM reviews", "NOT_SUPPORTED"),
        ("SELECT * FROM read_text('/etc/hostname')", "GENERIC_USER_ERROR"),
    ],
)
def test_failures_have_a_reason(reviews: Athena, sql: str, reason: str) -> None:
    assert reason in reviews.refused(sql)


def test_a_query_is_stopped(reviews: Athena, seen: Any) -> None:
    endless = "SELECT max(a0.id || a19.id) FROM " + ", ".join(f"reviews a{number}" for number in range(20))
    query = reviews.client.start_query_execution(
        QueryString=endless,
        QueryExecutionContext={"Database": reviews.database},
        ResultConfiguration={"OutputLocation": reviews.output},
    )["QueryExecutionId"]
    [running] = wait_for(
        lambda: seen(kind="athena-query", resource=query), until=lambda result: bool(result and result[0]["pid"])
    )
    reviews.client.stop_query_execution(QueryExecutionId=query)
    status = wait_for(
        lambda: reviews.client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"],
        until=lambda result: result["State"] not in ("QUEUED", "RUNNING"),
    )
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query cancelled by user")
    assert not Path(f"/proc/{running['pid']}").exists()


def test_results_of_a_failed_query_are_refused(reviews: Athena) -> None:
    done = reviews.run("SELECT * FROM nowhere")
    with pytest.raises(reviews.client.exceptions.InvalidRequestException, match="did not finish successfully"):
        reviews.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])
    with pytest.raises(reviews.client.exceptions.InvalidRequestException, match="No output location"):
        reviews.client.start_query_execution(QueryString="SELECT 1")


@pytest.mark.full
def test_awswrangler_reads_in_its_three_ways(reviews: Athena, emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import awswrangler
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    session = boto3.session.Session(*keys.of(emulator.endpoint), region_name=emulator.region)
    sql = "SELECT id, rating, source FROM reviews"
    approaches: tuple[dict[str, Any], ...] = (
        {"ctas_approach": True},
        {"ctas_approach": False},
        {"unload_approach": True, "ctas_approach": False},
    )
    for number, ways in enumerate(approaches):
        frame = awswrangler.athena.read_sql_query(
            sql, database=reviews.database, s3_output=f"{reviews.output}{number}/", boto3_session=session, **ways
        )
        assert sorted(frame["id"]) == ["1", "2", "3", "9"], ways
        assert frame["rating"].sum() == 1.5, ways


def test_a_query_has_the_permissions_of_its_caller(reviews: Athena, aws: Any, emulator: Any) -> None:
    import boto3

    role, user = unique("analyst"), unique("person")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    arn = aws("iam").create_role(
        RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    objects = f"arn:aws:s3:::{reviews.bucket}/{reviews.database}/reviews/source=amazon/*"
    allowed = [
        {"Effect": "Allow", "Action": ["athena:*", "glue:GetTable", "glue:GetPartitions"], "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{reviews.bucket}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{reviews.bucket}/results-*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    aws("iam").put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=policy)
    session = aws("sts").assume_role(RoleArn=arn, RoleSessionName=user)["Credentials"]
    mine = boto3.session.Session(
        session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"], emulator.region
    ).client("athena", endpoint_url=emulator.endpoint)
    as_analyst = copy.copy(reviews)
    as_analyst.client = mine
    assert as_analyst.rows("SELECT count(*) FROM reviews WHERE source = 'amazon'") == [["3"]]
    assert "Insufficient permissions" in as_analyst.refused("SELECT count(*) FROM reviews")
