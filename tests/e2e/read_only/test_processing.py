"""The other way of preprocessing, deployed: the published request, the uploaded flow, the real reviews."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest

from tests.support.compute import unique, wait_for
from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

RAW, TARGET = "data/raw/reviews/", "data/processed/reviews-wrangled/"
REVIEWS = 14_313


@pytest.fixture
def request_of_reviews(deployed: Deployed) -> dict[str, Any]:
    request: dict[str, Any] = deployed.outputs("data")["processing"]["requests"]["reviews"]
    return request


def run(deployed: Deployed, request: dict[str, Any]) -> dict[str, Any]:
    name = unique(f"{PREFIX}-flow")
    deployed.client("sagemaker").create_processing_job(ProcessingJobName=name, **request)
    return ended_job(deployed, name)


def ended_job(deployed: Deployed, name: str) -> dict[str, Any]:
    client = deployed.client("sagemaker")
    ended: dict[str, Any] = wait_for(
        lambda: client.describe_processing_job(ProcessingJobName=name),
        until=lambda job: job["ProcessingJobStatus"] not in ("InProgress", "Stopping"),
        seconds=180,
    )
    return ended


def keys(deployed: Deployed, prefix: str) -> list[str]:
    pages = deployed.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket(deployed), Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", [])]


def bucket(deployed: Deployed) -> str:
    return str(deployed.outputs("foundation")["s3"]["bucket_name"])


def body(deployed: Deployed, key: str) -> bytes:
    content: bytes = deployed.client("s3").get_object(Bucket=bucket(deployed), Key=key)["Body"].read()
    return content


def start(deployed: Deployed, document: dict[str, str], name: str) -> dict[str, Any]:
    """The machine that people start, and how its execution ended."""
    states = deployed.client("stepfunctions")
    machine = deployed.outputs("data")["fixed_run"]["state_machine_arns"]["preprocessing"]
    execution = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(document))["executionArn"]
    ended: dict[str, Any] = wait_for(
        lambda: states.describe_execution(executionArn=execution),
        until=lambda job: job["status"] != "RUNNING",
        seconds=180,
    )
    return ended


def test_the_flow_of_the_repository_on_all_reviews(deployed: Deployed) -> None:
    import pyarrow.parquet as pq

    name = unique("flow")
    # Callers cannot choose role, image or program.
    request = {"flow": "reviews", "RoleArn": "arn:aws:iam::123456789012:role/mlops-local-glue"}
    ended = start(deployed, request, name)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    job = ended_job(deployed, f"{PREFIX}-{name}")
    assert job["RoleArn"] == deployed.outputs("data")["processing"]["role_arn"]
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    [written] = keys(deployed, TARGET)
    rows = pq.read_table(io.BytesIO(body(deployed, written))).to_pylist()
    deployed.client("s3").delete_object(Bucket=bucket(deployed), Key=written)
    raw = [line for key in keys(deployed, RAW) for line in body(deployed, key).decode().splitlines()]
    assert len(raw) == REVIEWS
    assert job["ExitMessage"] == f"part-00000.parquet: {len(rows)} rows of review_id, rating, text"
    assert len(rows) == REVIEWS, "none of these has no rating, or one beyond the scale"
    expected = sum(float(line.split("\t")[1]) for line in raw)
    assert math.isclose(sum(row["rating"] for row in rows), expected, abs_tol=1e-6)
    assert {row["review_id"] for row in rows} == {line.split("\t")[0] for line in raw}


def test_a_flow_that_is_not_deployed_is_refused(deployed: Deployed) -> None:
    for request in ({"flow": "mine"}, {}):
        ended = start(deployed, request, unique("flow"))
        assert (ended["status"], ended["error"]) == ("FAILED", "UnknownFlow")
        assert ended["cause"] == "The input must name a deployed flow in `flow`: reviews."


def test_an_unknown_operator_writes_nothing(deployed: Deployed, request_of_reviews: dict[str, Any]) -> None:
    [deployed_key] = keys(deployed, "artifacts/code/flows/")
    key = deployed_key.replace("reviews.flow", "of-a-test.flow")
    flow = json.loads(body(deployed, deployed_key))
    flow["nodes"][1]["operator"] = "sagemaker.spark.custom_pandas_0.1"
    s3 = deployed.client("s3")
    s3.put_object(Bucket=bucket(deployed), Key=key, Body=json.dumps(flow), ServerSideEncryption="aws:kms")
    request = json.loads(json.dumps(request_of_reviews).replace("reviews.flow", "of-a-test.flow"))
    job = run(deployed, request)
    s3.delete_object(Bucket=bucket(deployed), Key=key)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"].startswith("node types (sagemaker.spark.custom_pandas_0.1): this operator is not known")
    assert "this operator is not known" in job["FailureReason"]
    assert not keys(deployed, TARGET)
