"""The deployed feature group: what is read online is what the offline store and the ETL's files hold."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from pyarrow import parquet as pq

from tests.support.compute import wait_for
from tests.support.shared_platform import ACCOUNT, PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

GROUP = f"{PREFIX}-reviews"
JOB = f"{PREFIX}-feature-ingestion"
BUCKET = f"{PREFIX}-data-{ACCOUNT}-{REGION}"
EVERY = 7
"""Of the records that are compared one by one; the counts are those of all."""
AT_ONCE = 100
"""Identifiers that BatchGetRecord takes at most."""
NEWEST = """
    SELECT {columns} FROM (
      SELECT *, row_number() OVER (PARTITION BY review_id ORDER BY event_time DESC, write_time DESC) AS place
      FROM reviews_offline
    ) WHERE place = 1 AND NOT is_deleted
"""

Records = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def ingested(deployed: Deployed) -> dict[str, Any]:
    """The run of the ingestion that the pipeline started: it is not waited for by anybody but us."""
    glue = deployed.client("glue")
    [run] = wait_for(
        lambda: glue.get_job_runs(JobName=JOB)["JobRuns"],
        until=lambda runs: all(run["JobRunState"] not in ("STARTING", "RUNNING") for run in runs) and bool(runs),
        seconds=120,
    )
    parsed: dict[str, Any] = run
    return parsed


@pytest.fixture(scope="module")
def written(deployed: Deployed) -> Records:
    """Every row of the ETL's features, as text."""
    s3, rows = deployed.client("s3"), {}
    for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="data/features/reviews/")["Contents"]:
        split = item["Key"].split("split=")[1].split("/")[0]
        body = s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        for row in pq.ParquetFile(BytesIO(body)).read().to_pylist():
            cells = {name: str(value) for name, value in row.items() if value is not None}
            rows[row["review_id"]] = {**cells, "split": split}
    return rows


def online(deployed: Deployed, keys: list[str]) -> Records:
    runtime, records = deployed.client("sagemaker-featurestore-runtime"), {}
    for start in range(0, len(keys), AT_ONCE):
        identifiers = {"FeatureGroupName": GROUP, "RecordIdentifiersValueAsString": keys[start : start + AT_ONCE]}
        answer = runtime.batch_get_record(Identifiers=[identifiers])
        assert not answer["Errors"]
        for each in answer["Records"]:
            values = {feature["FeatureName"]: feature["ValueAsString"] for feature in each["Record"]}
            records[each["RecordIdentifierValueAsString"]] = values
    return records


def ask(deployed: Deployed, sql: str) -> list[list[str]]:
    athena = deployed.client("athena")
    query = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": f"{PREFIX}_features".replace("-", "_")},
        WorkGroup=f"{PREFIX}-analytics",
    )["QueryExecutionId"]
    execution = wait_for(
        lambda: athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"],
        until=lambda status: status["State"] not in ("QUEUED", "RUNNING"),
    )
    assert execution["State"] == "SUCCEEDED", execution
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    rows = [
        [cell.get("VarCharValue", "") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
    ]
    return rows[1:]


def test_the_group_keeps_both_stores_under_the_data_key(deployed: Deployed) -> None:
    group = deployed.client("sagemaker").describe_feature_group(FeatureGroupName=GROUP)
    key = deployed.outputs("foundation")["kms"]["data_key_arn"]
    assert group["FeatureGroupStatus"] == "Created"
    assert group["OnlineStoreConfig"] == {"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": key}}
    assert group["OfflineStoreConfig"]["S3StorageConfig"]["KmsKeyId"] == key
    assert group["OfflineStoreStatus"] == {"Status": "Active"}
    assert group["FeatureGroupName"] == deployed.outputs("features")["feature_store"]["feature_group_name"]


def test_the_pipeline_had_every_row_ingested_and_waited_for_nothing(
    deployed: Deployed, ingested: dict[str, Any], written: Records
) -> None:
    assert ingested["JobRunState"] == "SUCCEEDED", ingested
    run_id = ingested["Arguments"]["--run_id"]
    key = f"data/features/ingestion/reports/{run_id}.json"
    report = json.loads(deployed.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())
    assert report == {
        "run_id": run_id, "group": GROUP, "rows": len(written), "put": len(written), "deleted": 0, "unchanged": 0,
        "failed": 0, "failures": {},
    }  # fmt: skip
    [training] = deployed.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert training["CreationTime"] < ingested["CompletedOn"]


def test_an_online_read_returns_what_the_etl_wrote(
    deployed: Deployed, ingested: dict[str, Any], written: Records
) -> None:
    keys = sorted(written)[::EVERY]
    records = online(deployed, keys)
    assert len(keys) > 1000
    assert {values.pop("event_time")[-1] for values in records.values()} == {"Z"}
    assert records == {key: written[key] for key in keys}


def test_the_offline_store_holds_the_same_records(
    deployed: Deployed, ingested: dict[str, Any], written: Records
) -> None:
    # Locally it is written a second after the last put.
    counted = wait_for(
        lambda: ask(deployed, NEWEST.format(columns="count(*), count(DISTINCT review_id)")),
        until=lambda rows: rows == [[str(len(written))] * 2],
        seconds=30,
    )
    assert counted == [[str(len(written))] * 2]
    names = ("review_id", "event_time", "group_id", "rating", "label", "text", "source", "split")
    rows = ask(deployed, NEWEST.format(columns=", ".join(names)))
    offline = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    keys = sorted(written)[::EVERY]
    assert {key: offline[key] for key in keys} == online(deployed, keys)


def test_objects_of_the_offline_store_are_encrypted_with_the_data_key(
    deployed: Deployed, ingested: dict[str, Any]
) -> None:
    s3 = deployed.client("s3")
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix="data/features/offline/")["Contents"]
    keys = {s3.head_object(Bucket=BUCKET, Key=each["Key"])["SSEKMSKeyId"] for each in objects}
    assert keys == {deployed.outputs("foundation")["kms"]["data_key_arn"]}
