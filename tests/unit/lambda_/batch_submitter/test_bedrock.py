"""Batch inference with Bedrock jobs, against in-memory services."""

from __future__ import annotations

import pytest

from tests.unit.lambda_.support.batch_services import BUCKET, error
from tests.unit.lambda_.support.batch_submitter import BEDROCK, FOLDER, Platform, answered


def test_fewer_records_than_the_model_accepts_are_refused(on_bedrock: Platform) -> None:
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 99)
    error = on_bedrock.submit()["error"]
    assert error["code"] == "BadRequest"
    assert error["message"].endswith("has 99 records, fewer than the 100 that a job of this model takes")
    assert not on_bedrock.bedrock.jobs


def test_more_records_than_a_request_may_have_are_refused(on_bedrock: Platform) -> None:
    on_bedrock.batch["maximum_records"] = 150
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 151)
    assert on_bedrock.submit()["error"]["code"] == "PayloadTooLarge"


def test_a_request_loses_no_record_when_one_of_its_three_jobs_fails(on_bedrock: Platform) -> None:
    """`tests/e2e/read_only/test_batch.py` repeats this with 120,001 records and jobs of 50,000."""
    platform = on_bedrock
    platform.batch["records_per_file"] = 500
    total = 1_201
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"q{n}" for n in range(total)])
    answer = platform.submit()
    if answer["status"] == "accepted":
        platform.call(platform.later[0])
    assert len(platform.bedrock.jobs) == 3
    for index in (2, 0):
        platform.bedrock_ended(platform.bedrock.run(index))
    assert platform.status()["status"] == "running"
    platform.bedrock_ended(platform.bedrock.run(1, status="Failed", message="the region was busy"))

    answer = platform.status()
    assert answer["status"] == "partly_failed"
    assert answer["records"] == {"total": total, "succeeded": 801, "failed": 0, "bad": 0, "missing": 400}
    assert answer["reason"] == "without an answer: records 401-800"
    assert platform.reported[-1][1]["missing"] == "401-800"
    errors = platform.errors()
    assert [line["record"] for line in errors] == list(range(401, 801))
    assert "ended as Failed: the region was busy" in errors[0]["error"]["message"]

    assert platform.submit(retry=True)["status"] == "running"
    assert len(platform.bedrock.jobs) == 4
    platform.bedrock_ended(platform.bedrock.run(3))
    assert platform.status()["status"] == "completed"
    results = platform.results()
    assert [line["record"] for line in results] == list(range(total))
    assert all(line["output"]["text"] == f"to q{line['record']}" for line in results)
    assert platform.errors() == []
    assert platform.status()["cost_usd"] == pytest.approx(total * (10 * 0.03 + 5 * 0.12) / 1e6, abs=1e-6)


def test_bedrock_jobs_are_created_under_their_names(on_bedrock: Platform) -> None:
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 100)
    on_bedrock.submit()
    (job,) = on_bedrock.bedrock.jobs.values()
    requested = job["asked"]
    assert requested["jobName"] == requested["clientRequestToken"]
    assert requested["roleArn"] == BEDROCK["role_arn"]
    assert requested["modelId"] == BEDROCK["model_id"]
    assert requested["outputDataConfig"]["s3OutputDataConfig"]["s3EncryptionKeyId"] == "arn:data-key"
    key = requested["inputDataConfig"]["s3InputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
    assert on_bedrock.bucket.lines(key)[99] == {
        "recordId": "R0000000099",
        "modelInput": {
            "messages": [{"role": "user", "content": [{"text": "hello"}]}],
            "inferenceConfig": {"maxTokens": 2048},
        },
    }


def test_throttled_records_are_retried_and_filled_up_to_the_minimum(on_bedrock: Platform) -> None:
    platform = on_bedrock
    busy = {"error": {"errorCode": 429, "errorMessage": "too many", "expired": False, "retryable": True}}
    wrong = {"error": {"errorCode": 400, "errorMessage": "not this one", "expired": False, "retryable": False}}
    platform.bedrock.model = lambda record_id, line: {"R0000000007": busy, "R0000000008": wrong}.get(
        record_id, answered(record_id, line)
    )
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"q{n}" for n in range(200)])
    platform.submit()
    platform.bedrock_ended(platform.bedrock.run(0, status="PartiallyCompleted"))
    assert platform.status()["records"]["failed"] == 2

    platform.bedrock.model = answered
    platform.submit(retry=True)
    keys = [key for key in platform.bucket.below("inference/batch/input/_parts/") if "/2/" in key]
    numbers = [int(line["recordId"][1:]) for key in keys for line in platform.bucket.lines(key)]
    assert len(numbers) == 100
    assert 7 in numbers
    platform.bedrock_ended(platform.bedrock.run(1))
    assert platform.results()[7]["output"]["text"] == "to q7"


def test_an_unknown_family_is_refused(on_bedrock: Platform) -> None:
    on_bedrock.batch["base_model_id"] = "unknown.model"
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 100)
    assert "of no family" in on_bedrock.submit()["error"]["message"]


def test_the_second_of_two_jobs_waits_while_the_service_is_busy(on_bedrock: Platform) -> None:
    platform = on_bedrock
    platform.batch |= {"records_per_file": 200}
    platform.bedrock.refuse = {1: error("ServiceQuotaExceededException")}
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 400)
    assert platform.submit()["error"]["code"] == "Throttled"
    assert platform.submit()["status"] == "running"
    assert len(platform.bedrock.jobs) == 2


def test_an_embedding_model_gets_its_own_bodies_and_returns_vectors(on_bedrock: Platform) -> None:
    platform = on_bedrock
    platform.batch["base_model_id"] = "amazon.titan-embed-text-v2:0"
    platform.record["parameters"] = {"dimensions": 256}
    platform.bedrock.model = lambda record_id, line: {
        "modelOutput": {"embedding": [0.5, len(line["modelInput"]["inputText"])], "inputTextTokenCount": 3}
    }
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"id": n, "input": f"text {n}"} for n in range(100)])
    platform.submit()
    (part,) = platform.bucket.below("inference/batch/input/_parts/")
    assert platform.bucket.lines(part)[7]["modelInput"] == {"inputText": "text 7", "dimensions": 256}
    platform.bedrock_ended(platform.bedrock.run(0))
    lines = platform.results()
    assert lines[7] == {"record": 7, "id": 7, "output": {"embedding": [0.5, 6]}}
    assert platform.status()["status"] == "completed"
    assert platform.status()["cost_usd"] == pytest.approx(100 * 3 * 0.03 / 1e6, abs=1e-6)


def test_an_answer_without_a_vector_is_an_error_of_its_record(on_bedrock: Platform) -> None:
    platform = on_bedrock
    platform.batch["base_model_id"] = "amazon.titan-embed-text-v2:0"
    platform.bedrock.model = lambda record_id, line: {"modelOutput": {"embedding": ["x"]}}
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"text {n}" for n in range(100)])
    platform.submit()
    platform.bedrock_ended(platform.bedrock.run(0))
    assert {line["error"]["type"] for line in platform.errors()} == {"MalformedAnswer"}
