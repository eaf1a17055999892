"""The catalogue of the deployed platform: typed tables of every layer, answered by Athena and by awswrangler."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.support import keys
from tests.support.compute import wait_for
from tests.support.shared_platform import PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

WORK_GROUP = f"{PREFIX}-analytics"
ROWS_IN = {"amazon": 3708, "movie": 10605}
RATED_ZERO = {"amazon": 98, "movie": 37}
"""Rows that have no label: left out after the raw layer, and counted."""
PER_LAYER = {
    "raw": ROWS_IN,
    "processed": {source: rows - RATED_ZERO[source] for source, rows in ROWS_IN.items()},
    "features": {source: rows - RATED_ZERO[source] for source, rows in ROWS_IN.items()},
}
LABELLED = {"review_id": "string", "group_id": "string", "rating": "double", "label": "string", "text": "string"}


def database(layer: str) -> str:
    return f"{PREFIX}_{layer}".replace("-", "_")


@contextlib.contextmanager
def address(deployed: Deployed) -> Iterator[None]:
    """Export what a user of the local AWS exports: libraries that create their own clients read it."""
    names = {
        "AWS_ENDPOINT_URL": deployed.endpoint,
        **keys.of(deployed.endpoint).variables,
        "AWS_DEFAULT_REGION": REGION,
    }
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def ended(athena: Any, query_id: str) -> dict[str, Any]:
    return dict(
        wait_for(
            lambda: athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"],
            until=lambda execution: execution["Status"]["State"] not in ("QUEUED", "RUNNING"),
        )
    )


@pytest.mark.parametrize(
    ("layer", "columns", "keys", "partitions"),
    [
        ("raw", {"col0": "string", "col1": "double", "col2": "string"}, ["source"], {"amazon", "movie"}),
        ("processed", LABELLED, ["source"], {"amazon", "movie"}),
        ("features", {**LABELLED, "source": "string"}, ["split"], {"train", "validation", "test"}),
    ],
)
def test_each_layer_is_one_typed_partitioned_table(
    deployed: Deployed, layer: str, columns: dict[str, str], keys: list[str], partitions: set[str]
) -> None:
    glue = deployed.client("glue")
    tables = {table["Name"]: table for table in glue.get_tables(DatabaseName=database(layer))["TableList"]}
    # Feature Store keeps its own table beside the crawler's.
    assert set(tables) == {"reviews", *(["reviews_offline"] if layer == "features" else [])}
    table = tables["reviews"]
    assert {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]} == columns
    assert [key["Name"] for key in table["PartitionKeys"]] == keys
    listed = glue.get_partitions(DatabaseName=database(layer), TableName="reviews")["Partitions"]
    assert {value for partition in listed for value in partition["Values"]} == partitions


@pytest.mark.parametrize("layer", PER_LAYER)
def test_every_row_is_counted_by_its_source(deployed: Deployed, layer: str) -> None:
    athena = deployed.client("athena")
    query = athena.start_query_execution(
        QueryString="select source, count(*) from reviews group by 1",
        QueryExecutionContext={"Database": database(layer)},
        WorkGroup=WORK_GROUP,
    )["QueryExecutionId"]
    execution = ended(athena, query)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1:]
    cells = [[cell["VarCharValue"] for cell in row["Data"]] for row in rows]
    assert {source: int(count) for source, count in cells} == PER_LAYER[layer]


def test_awswrangler_reads_the_tables_and_asks_through_the_work_group(deployed: Deployed) -> None:
    """The library as it is, told nothing but where AWS is."""
    import awswrangler as wr

    with address(deployed):
        session = boto3.Session()
        types = wr.catalog.get_table_types(database=database("processed"), table="reviews", boto3_session=session)
        frame = wr.s3.read_parquet_table(database=database("processed"), table="reviews", boto3_session=session)
        answer = wr.athena.read_sql_query(
            "select label, count(*) as n from reviews where source = 'movie' group by label",
            database=database("processed"),
            workgroup=WORK_GROUP,
            ctas_approach=False,
            boto3_session=session,
        )
    assert types == {**LABELLED, "source": "string"}
    assert dict(frame["source"].value_counts()) == PER_LAYER["processed"]
    assert set(answer["label"]) == {"negative", "positive"}
    assert int(answer["n"].sum()) == PER_LAYER["processed"]["movie"]


def test_no_query_exceeds_the_limit_and_results_are_encrypted(deployed: Deployed) -> None:
    """That a query above a limit is cancelled is shown where Athena itself is tested."""
    athena = deployed.client("athena")
    own = athena.get_work_group(WorkGroup=WORK_GROUP)["WorkGroup"]["Configuration"]
    assert own["EnforceWorkGroupConfiguration"] is True
    assert own["BytesScannedCutoffPerQuery"] == 1_073_741_824
    query = athena.start_query_execution(
        QueryString="select count(*) from reviews",
        QueryExecutionContext={"Database": database("processed")},
        ResultConfiguration={"OutputLocation": "s3://elsewhere/"},
        WorkGroup=WORK_GROUP,
    )["QueryExecutionId"]
    execution = ended(athena, query)
    assert 0 < execution["Statistics"]["DataScannedInBytes"] < own["BytesScannedCutoffPerQuery"]
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    assert key.startswith("logs/athena/")
    stored = deployed.client("s3").head_object(Bucket=bucket, Key=key)
    keys = deployed.outputs("foundation")["kms"]
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", keys["data_key_arn"])


def test_the_rules_were_evaluated_on_every_row_before_training(deployed: Deployed) -> None:
    glue = deployed.client("glue")
    [result] = [
        glue.get_data_quality_result(ResultId=each["ResultId"]) for each in glue.list_data_quality_results()["Results"]
    ]
    assert result["RulesetName"] == f"{PREFIX}-processed-reviews"
    assert result["DataSource"]["GlueTable"] == {"DatabaseName": database("processed"), "TableName": "reviews"}
    assert {rule["Result"] for rule in result["RuleResults"]} == {"PASS"}
    [count] = [rule for rule in result["RuleResults"] if rule["Description"] == "RowCount > 0"]
    assert count["EvaluatedMetrics"] == {"Dataset.*.RowCount": sum(PER_LAYER["processed"].values())}
    training = deployed.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert all(result["CompletedOn"] <= job["CreationTime"] for job in training)
