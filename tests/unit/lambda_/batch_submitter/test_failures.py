"""A batch loses no record: records without an answer are reported and can be retried."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from inference_common import service_answers
from tests.unit.lambda_.support.batch_services import error
from tests.unit.lambda_.support.batch_submitter import ENVIRON, FOLDER, OUTPUT, Platform


def test_invalid_and_refused_records_keep_their_places(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.sagemaker.model = lambda line: (
        {"error": {"type": "BadRecord", "message": "no"}} if line["input"] == "no" else {"label": line["input"]}
    )
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a", {"text": ""}, "no", "b"])
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.sagemaker.run(name)
    platform.ended(name)
    assert [line.get("output", {}).get("label") for line in platform.results()] == ["a", None, None, "b"]
    assert [(line["record"], line["error"]["type"]) for line in platform.errors()] == [
        (1, "BadRecord"),
        (2, "BadRecord"),
    ]
    answer = platform.status()
    assert (answer["status"], answer["records"]["failed"], answer["records"]["bad"]) == ("partly_failed", 1, 1)
    assert "no record of 'night-1' is left" in platform.submit(retry=True)["error"]["message"]


def test_a_failed_file_is_named_and_only_its_records_are_retried(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"text {n}" for n in range(250)])
    platform.submit()
    (first,) = platform.sagemaker.jobs
    platform.sagemaker.run(first, bad_files=("part-00001.jsonl",))
    platform.ended(first)
    answer = platform.status()
    assert (answer["status"], answer["records"]["missing"]) == ("partly_failed", 83)
    assert answer["reason"] == "without an answer: records 84-166"
    assert f"{first} ended as Failed: a file could not be processed" in platform.errors()[0]["error"]["message"]

    assert platform.submit(retry=True)["status"] == "running"
    second = list(platform.sagemaker.jobs)[1]
    keys = [key for key in platform.bucket.below("inference/batch/input/_parts/") if "/2/" in key]
    requested = [line["input"] for key in keys for line in platform.bucket.lines(key)]
    assert requested == [f"text {n}" for n in range(84, 167)]
    platform.sagemaker.run(second)
    platform.ended(second)
    assert platform.status()["status"] == "completed"
    assert [line["record"] for line in platform.results()] == list(range(250))
    assert platform.errors() == []


def partly_failed(platform: Platform) -> Platform:
    """Leave the second of three files without answers."""
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"text {n}" for n in range(250)])
    platform.submit()
    for event in platform.later:
        platform.call(event)
    platform.later.clear()
    (first,) = platform.sagemaker.jobs
    platform.sagemaker.run(first, bad_files=("part-00001.jsonl",))
    platform.ended(first)
    assert platform.status()["status"] == "partly_failed"
    return platform


def test_another_attempt_at_a_large_input_is_prepared_by_a_separate_call(cold_start: Any) -> None:
    platform = partly_failed(Platform(cold_start("batch_submitter", **ENVIRON, INLINE_BYTES="10"), "sagemaker"))
    assert platform.submit(retry=True)["status"] == "accepted"
    assert platform.submit(retry=True)["status"] == platform.status()["status"] == "accepted"
    assert [event.pop("attempt") for event in platform.later] == [2]
    assert len(platform.sagemaker.jobs) == 1
    platform.call({**platform.later[0], "attempt": 2})
    assert platform.status()["status"] == "running"
    platform.call({**platform.later[0], "attempt": 2})  # Lambda may invoke twice
    (_, second) = platform.sagemaker.jobs
    platform.sagemaker.run(second)
    platform.ended(second)
    assert platform.status()["status"] == "completed"
    assert [line["record"] for line in platform.results()] == list(range(250))


def test_a_repeated_end_event_starts_nothing(cold_start: Any) -> None:
    platform = partly_failed(Platform(cold_start("batch_submitter", **ENVIRON, INLINE_BYTES="10"), "sagemaker"))
    platform.submit(retry=True)
    platform.ended(next(iter(platform.sagemaker.jobs)))
    assert [subject for subject, _ in platform.reported] == ["Batch reviews-batch: partly_failed"] * 2


def test_an_abandoned_preparation_is_taken_over(cold_start: Any) -> None:
    platform = partly_failed(Platform(cold_start("batch_submitter", **ENVIRON, INLINE_BYTES="10"), "sagemaker"))
    platform.submit(retry=True)
    (begun,) = (key for key in platform.bucket.below(f"{OUTPUT}state/") if key.endswith("attempt-2.begun"))
    platform.bucket.put(begun, json.dumps({"at": time.time() - 901}).encode())
    assert platform.status()["status"] == "partly_failed"
    platform.submit(retry=True)
    assert len(platform.later) == 2


def test_a_crash_between_an_attempt_and_its_jobs_is_recovered(on_sagemaker: Platform) -> None:
    platform = partly_failed(on_sagemaker)
    platform.sagemaker.refuse = error("ThrottlingException", message="too many")
    assert "error" in platform.submit(retry=True)
    platform.sagemaker.refuse = None
    assert len(platform.sagemaker.jobs) == 1
    assert platform.submit()["status"] == "running"
    assert len(platform.sagemaker.jobs) == 2


def test_a_further_attempt_whose_job_is_refused_has_ended(on_sagemaker: Platform) -> None:
    platform = partly_failed(on_sagemaker)
    platform.sagemaker.refuse = error("ValidationException", message="no such model")
    answer = platform.submit(retry=True)
    assert (answer["status"], answer["records"]["missing"]) == ("partly_failed", 83)
    assert answer["jobs"][-1] | {"name": ""} == {
        "name": "", "status": "Refused", "attempt": 2, "reason": "ValidationException: no such model",
    }  # fmt: skip


def test_unmatched_answers_are_assigned_to_no_record(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a", "b", "c"])
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.sagemaker.run(name)
    (out,) = platform.bucket.below(f"{OUTPUT}raw/")
    platform.bucket.put(out, platform.bucket.lines(out)[:2])
    platform.ended(name)
    answer = platform.status()
    assert (answer["status"], answer["records"]["succeeded"]) == ("failed", 0)
    assert {line["error"]["type"] for line in platform.errors()} == {"MalformedAnswer", "Missing"}


def test_a_job_that_the_service_refuses_ends_the_request_with_its_reason(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.sagemaker.refuse = error("ValidationException", message="no such model")
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a", "b"])
    answer = platform.submit()
    assert answer["status"] == "failed"
    assert answer["jobs"][0]["reason"] == "ValidationException: no such model"
    assert [line["error"]["type"] for line in platform.errors()] == ["Missing", "Missing"]
    assert [subject for subject, _ in platform.reported] == ["Batch reviews-batch: failed"]


def test_an_unconfirmed_job_is_not_reported_and_is_created_once_by_a_repeat(
    on_bedrock: Platform,
) -> None:
    platform = on_bedrock
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [f"text {n}" for n in range(100)])
    create = platform.bedrock.create_model_invocation_job

    def mangled(**requested: Any) -> Any:
        """The job is created, but the response cannot be read."""
        create(**requested)
        raise service_answers.IncompleteAnswer(service="bedrock", operation="CreateModelInvocationJob", member="jobArn")

    platform.bedrock.create_model_invocation_job = mangled  # type: ignore[method-assign]
    assert platform.submit() == {
        "error": {"code": "Unavailable", "message": "a service did not answer: IncompleteAnswer"}
    }
    reported = platform.status()
    assert (reported["status"], [job["status"] for job in reported["jobs"]]) == ("accepted", ["NotCreated"])
    platform.bedrock.create_model_invocation_job = create  # type: ignore[method-assign]
    reported = platform.submit()
    assert (reported["status"], [job["status"] for job in reported["jobs"]]) == ("running", ["InProgress"])
    assert len(platform.bedrock.jobs) == 1


@pytest.mark.parametrize("failure", [ResponseParserError("cut"), EndpointConnectionError(endpoint_url="https://x")])
def test_an_unreadable_response_counts_as_no_response(on_sagemaker: Platform, failure: Exception) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a"])

    def fails(**_: Any) -> Any:
        raise failure

    platform.sagemaker.create_transform_job = fails  # type: ignore[method-assign]
    assert platform.submit()["error"]["code"] == "Unavailable"
    assert platform.status()["status"] == "accepted"


def test_a_truncated_state_document_is_read_again(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["a"])
    platform.submit()
    (request,) = [key for key in platform.bucket.objects if key.endswith("request.json")]
    whole = platform.bucket.objects[request]
    platform.bucket.objects[request] = whole[:-5]
    assert platform.status()["error"]["code"] == "Unavailable"
    platform.bucket.objects[request] = whole
    assert platform.status()["status"] == "running"
