"""Batch blueprints on the local AWS: a file becomes a table, and no record of a request is lost when a job fails."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import Any

import pytest

from tests.e2e.read_only.test_api import Api
from tests.support import keys
from tests.support.shared_platform import PREFIX, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]


def bucket(deployed: Deployed) -> str:
    return str(deployed.outputs("foundation")["s3"]["bucket_name"])


def submitter(deployed: Deployed, blueprint: str, request_id: str, **more: Any) -> Any:
    """Invoke the submitter directly, with the environment as the owner."""
    payload = json.dumps({"blueprint": blueprint, "request_id": request_id, "owner": "environment", **more}).encode()
    client = deployed.client("lambda")
    answer = client.invoke(FunctionName=f"{PREFIX}-batch-submitter", Payload=payload)
    return json.loads(answer["Payload"].read())


def ended(deployed: Deployed, blueprint: str, request_id: str, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        answer = submitter(deployed, blueprint, request_id, action="status")
        known = answer.get("error", {}).get("code") != "UnknownRequest"
        if known and answer.get("status") not in ("accepted", "running"):
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.5)


def lines(deployed: Deployed, uri: str) -> list[Any]:
    name, _, key = uri.removeprefix("s3://").partition("/")
    body = deployed.client("s3").get_object(Bucket=name, Key=key)["Body"].read()
    return [json.loads(line) for line in body.splitlines()]


def test_a_file_that_arrives_becomes_rows_of_a_table(deployed: Deployed) -> None:
    s3, key = deployed.client("s3"), f"inference/batch/input/reviews-batch/tests/{uuid.uuid4().hex}.csv"
    rows = ["id,review", *(f'{n},"{"good, very good" if n % 2 else "awful, terrible"} {n}"' for n in range(40)), "40,"]
    put = s3.put_object(Bucket=bucket(deployed), Key=key, Body="\n".join(rows).encode())
    name = f"{key}|{put['ETag'].strip(chr(34))}"
    request_id = f"s3-{hashlib.sha256(name.encode()).hexdigest()[:20]}"
    answer = ended(deployed, "reviews-batch", request_id, 120)
    assert answer["records"] == {"total": 41, "succeeded": 40, "failed": 0, "bad": 1, "missing": 0}
    results = lines(deployed, answer["output"])
    assert [line["record"] for line in results] == list(range(41))
    assert [line["record"] for line in lines(deployed, answer["errors"])] == [40]

    athena, glue = deployed.client("athena"), deployed.client("glue")
    crawler, database = f"{PREFIX}-reviews-batch-results", f"{PREFIX}-reviews-batch".replace("-", "_")
    deadline = time.monotonic() + 60
    while not any(
        partition["Values"] == [request_id]
        for partition in glue.get_partitions(DatabaseName=database, TableName="results")["Partitions"]
    ):
        assert time.monotonic() < deadline, glue.get_crawler(Name=crawler)["Crawler"]
        time.sleep(0.5)
    sql = f"SELECT count(output.label) FROM {database}.results WHERE request_id = '{request_id}'"
    query = athena.start_query_execution(QueryString=sql, WorkGroup=f"{PREFIX}-analytics")["QueryExecutionId"]
    while (status := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"])["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(0.2)
    assert status["State"] == "SUCCEEDED", status
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    assert rows[1]["Data"][0]["VarCharValue"] == "40"


@pytest.mark.full
def test_a_failed_job_of_three_costs_no_record(deployed: Deployed) -> None:
    total, request_id = 120_001, f"test-{uuid.uuid4().hex[:12]}"
    key = f"inference/batch/input/chat-batch/requests/{request_id}.jsonl"
    body = "".join(json.dumps({"input": f"question {n}"}) + "\n" for n in range(total))
    deployed.client("s3").put_object(Bucket=bucket(deployed), Key=key, Body=body.encode())
    fault = {"kind": "job-fails", "service": "bedrock", "action": "CreateModelInvocationJob", "every": 2, "count": 1}
    keys.page(deployed.endpoint, "faults", method="POST", document={**fault, "seconds": 600})
    submitter(deployed, "chat-batch", request_id, action="submit", input=key)
    answer = ended(deployed, "chat-batch", request_id, 400)
    assert [job["status"] for job in answer["jobs"]] == ["Completed", "Failed", "Completed"]
    assert answer["records"] == {"total": total, "succeeded": 80_001, "failed": 0, "bad": 0, "missing": 40_000}
    assert [line["record"] for line in lines(deployed, answer["errors"])] == list(range(40_001, 80_001))

    # It belongs to no caller of the API.
    api = Api(deployed)
    status, body = api.ask(f"/batch/chat-batch/{request_id}", None, {"x-api-key": api.key("default")})
    assert (status, body["error"]["type"]) == (404, "UnknownRequest")

    answer = submitter(deployed, "chat-batch", request_id, action="submit", input=key, retry=True)
    assert answer["status"] == "running", answer
    answer = ended(deployed, "chat-batch", request_id, 400)
    assert [job["attempt"] for job in answer["jobs"]] == [1, 1, 1, 2]
    assert answer["status"] == "completed"
    results = lines(deployed, answer["output"])
    assert [line["record"] for line in results] == list(range(total))
    assert all(line["output"]["text"] for line in results)
