"""Batch inference from object to result, exactly once however it is started; services are in memory."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.lambda_.support.batch_services import error
from tests.unit.lambda_.support.batch_submitter import ENVIRON, FOLDER, OUTPUT, Platform


def test_lines_become_a_job_and_the_job_a_result_in_order(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"input": "x" * (1 + n % 7)} for n in range(250)])
    answer = platform.submit()
    assert (answer["status"], answer["records"]) == ("running", {"total": 250})
    (name,) = platform.sagemaker.jobs
    requested = platform.sagemaker.jobs[name]["asked"]
    assert requested["BatchStrategy"] == "MultiRecord"
    assert requested["TransformInput"]["SplitType"] == "Line"
    assert requested["TransformOutput"]["KmsKeyId"] == "arn:data-key"
    assert requested["TransformResources"]["VolumeKmsKeyId"] == "arn:volume-key"
    assert {tag["Key"] for tag in requested["Tags"]} >= {"project", "environment", "blueprint"}

    platform.sagemaker.run(name)
    platform.ended(name)
    results = platform.results()
    assert [line["record"] for line in results] == list(range(250))
    assert [line["output"]["score"] for line in results] == [1 + n % 7 for n in range(250)]
    assert platform.errors() == []
    answer = platform.status()
    assert answer["status"] == "completed"
    assert answer["records"] == {"total": 250, "succeeded": 250, "failed": 0, "bad": 0, "missing": 0}
    assert answer["records_per_hour"] == 7500
    assert answer["cost_usd"] == pytest.approx(0.115 / 30, abs=1e-6)
    assert platform.crawled == ["mlops-test-reviews-batch-results"]
    assert [subject for subject, _ in platform.reported] == ["Batch reviews-batch: completed"]


# ---- exactly once ----------------------------------------------------------------------------------------------------


def test_a_repeated_request_makes_no_second_job(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    first = platform.submit()
    assert platform.submit() == first
    assert len(platform.sagemaker.jobs) == 1
    platform.bucket.put(f"{FOLDER}requests/other.jsonl", ["fine"])
    error = platform.submit(key=f"{FOLDER}requests/other.jsonl")["error"]
    assert "is there already, for the input" in error["message"]


def test_repeating_a_request_for_a_changed_object_is_refused_and_the_first_stands(
    on_sagemaker: Platform,
) -> None:
    platform, key = on_sagemaker, f"{FOLDER}requests/in.jsonl"
    platform.bucket.put(key, ["fine"] * 5)
    first = platform.submit()
    platform.bucket.put(key, ["fine"] * 6)
    error = platform.submit()["error"]
    assert error == {
        "code": "BadRequest",
        "message": f"the request 'night-1' is there already, for '{key}' as it was then; the object has changed since: "
        "use another request_id for its present content",
    }
    assert platform.status() == first
    del platform.bucket.objects[key]
    assert platform.submit() == first


def test_a_refusal_is_not_repeated_for_an_object_that_was_repaired(on_sagemaker: Platform) -> None:
    platform, key = on_sagemaker, f"{FOLDER}requests/in.jsonl"
    platform.bucket.put(key, b"")
    assert "has no records" in platform.submit()["error"]["message"]
    platform.bucket.put(key, ["fine"])
    assert "another request_id" in platform.submit()["error"]["message"]
    assert platform.submit("night-2")["status"] == "running"


def test_an_interrupted_submission_is_finished_by_the_next(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    platform.sagemaker.refuse = error("ThrottlingException")
    assert platform.submit()["error"]["code"] == "Throttled"
    platform.sagemaker.refuse = None
    assert platform.submit()["status"] == "running"
    assert len(platform.sagemaker.jobs) == 1


def test_duplicate_and_early_events_are_harmless(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.ended(name)  # it still runs: the event came too early
    assert platform.status()["status"] == "running"
    platform.sagemaker.run(name)
    platform.ended(name)
    platform.ended(name)
    assert len(platform.results()) == 5
    assert platform.call(
        {"detail-type": "SageMaker Transform Job State Change", "detail": {"TransformJobName": "x"}}
    ) == {"ignored": "x"}
    with pytest.raises(Exception, match=r"raised at batch_submitter/"):
        platform.ended("mlops-test-reviews-batch-0123456789ab-1-0")


def test_metrics_are_emitted_once(on_sagemaker: Platform, logged: Any) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine", None])
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.sagemaker.run(name)
    platform.ended(name)
    platform.ended(name)
    (metrics,) = [line for line in logged() if "_aws" in line]
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "mlops-test/batch"
    expected = {"Blueprint": "reviews-batch", "Records": 1, "RecordsWithoutOutput": 1, "JobsFailed": 0}
    assert expected.items() <= metrics.items()


def test_a_running_crawler_is_started_by_the_next_try(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"])
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.sagemaker.run(name)
    platform.crawler_runs = True
    with pytest.raises(Exception, match=r"raised at batch_submitter/handler\.py"):
        platform.ended(name)
    platform.crawler_runs = False
    platform.ended(name)
    assert platform.crawled == ["mlops-test-reviews-batch-results"]
    assert len(platform.reported) == 1


# ---- triggers --------------------------------------------------------------------------------------------------------


def test_an_object_that_arrives_is_a_request_and_the_schedule_finds_no_other(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}night/in.jsonl", ["fine"] * 3)
    assert platform.arrive(f"{FOLDER}night/in.jsonl")["status"] == "running"
    platform.arrive(f"{FOLDER}night/in.jsonl")
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"])
    assert platform.arrive(f"{FOLDER}requests/in.jsonl") == {"ignored": f"{FOLDER}requests/in.jsonl"}
    part = platform.bucket.below("inference/batch/input/_parts/")[0]
    assert platform.arrive(part) == {"ignored": part}
    assert len(platform.sagemaker.jobs) == 1
    assert platform.call({"action": "sweep", "blueprint": "reviews-batch"})["requests"] == []
    platform.bucket.put(f"{FOLDER}night/missed.jsonl", ["fine"])
    assert len(platform.call({"action": "sweep", "blueprint": "reviews-batch"})["requests"]) == 1
    assert len(platform.sagemaker.jobs) == 2


def test_arrivals_can_be_left_to_the_schedule(on_sagemaker: Platform) -> None:
    on_sagemaker.batch["on_arrival"] = False
    on_sagemaker.bucket.put(f"{FOLDER}in.jsonl", ["fine"])
    assert on_sagemaker.arrive(f"{FOLDER}in.jsonl") == {"ignored": f"{FOLDER}in.jsonl"}


def test_an_invalid_arrival_leaves_an_error_object_and_is_published(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    for name in ("empty.jsonl", "in.xml"):
        platform.bucket.put(f"{FOLDER}{name}", b"\n")
        platform.arrive(f"{FOLDER}{name}")
    keys = platform.bucket.below(f"{OUTPUT}errors/")
    assert len(keys) == 2
    assert {platform.bucket.lines(key)[0]["error"]["type"] for key in keys} == {"BadRequest"}
    assert [subject for subject, _ in platform.reported] == ["Batch reviews-batch: failed"] * 2


def test_a_large_input_is_prepared_by_a_separate_call(cold_start: Any) -> None:
    platform = Platform(cold_start("batch_submitter", **ENVIRON, INLINE_BYTES="10"), "sagemaker")
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    assert platform.submit()["status"] == "accepted"
    assert platform.submit()["status"] == "accepted"
    assert platform.later == [{"action": "start", "blueprint": "reviews-batch", "request_id": "night-1", "attempt": 1}]
    platform.call(platform.later[0])
    assert platform.submit()["status"] == "running"
