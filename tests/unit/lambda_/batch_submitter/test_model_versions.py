"""Jobs use the model version that is released when their request begins, and keep it."""

from __future__ import annotations

import json

import pytest

from tests.unit.lambda_.support.batch_submitter import FOLDER, Platform

RECORD = "/mlops/test/releases/records/reviews-batch"
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-test-reviews"
FIRST = {"model_name": "reviews-1", "model_package_arn": f"{GROUP}/1", "release_record": RECORD}


@pytest.fixture
def platform(on_sagemaker: Platform) -> Platform:
    on_sagemaker.batch |= FIRST
    on_sagemaker.bucket.put(f"{FOLDER}requests/in.jsonl", [{"text": "good"}, {"text": "bad"}])
    return on_sagemaker


def release(platform: Platform, number: int, status: str = "released") -> None:
    record = {"status": status, "config_name": f"reviews-{number}", "model_package_arn": f"{GROUP}/{number}"}
    platform.releases[RECORD] = json.dumps(record)


def models(platform: Platform) -> list[str]:
    return [job["asked"]["ModelName"] for job in platform.sagemaker.jobs.values()]


def test_before_the_first_release_jobs_take_the_first_model(platform: Platform) -> None:
    answer = platform.submit()
    assert models(platform) == ["reviews-1"]
    assert answer["model_version"] == f"{GROUP}/1"


def test_a_job_after_a_release_takes_the_new_version_and_says_so(platform: Platform) -> None:
    platform.submit("before")
    release(platform, 2)
    assert platform.submit("after")["model_version"] == f"{GROUP}/2"
    assert models(platform) == ["reviews-1", "reviews-2"]
    assert platform.status("before")["model_version"] == f"{GROUP}/1"


def test_a_request_that_is_repeated_or_tried_again_keeps_its_version(platform: Platform) -> None:
    answer = platform.submit()
    release(platform, 2)
    assert platform.submit()["model_version"] == f"{GROUP}/1"
    platform.sagemaker.run(answer["jobs"][0]["name"], bad_files=("part-00000.jsonl",))
    platform.ended(answer["jobs"][0]["name"])
    again = platform.submit(retry=True)
    assert len(again["jobs"]) == 2
    assert models(platform) == ["reviews-1", "reviews-1"]
    platform.sagemaker.run(again["jobs"][1]["name"])
    platform.ended(again["jobs"][1]["name"])
    assert platform.reported[-1][1]["model_version"] == f"{GROUP}/1"


def test_a_release_that_failed_before_any_other_leaves_the_first_model(platform: Platform) -> None:
    record = {"status": "failed", "config_name": "reviews-1", "model_package_arn": ""}
    platform.releases[RECORD] = json.dumps(record)
    assert platform.submit()["model_version"] == f"{GROUP}/1"
    assert models(platform) == ["reviews-1"]


@pytest.mark.parametrize("record", ["[]", "{}", "no JSON"])
def test_a_malformed_record_is_an_error(platform: Platform, record: str) -> None:
    platform.releases[RECORD] = record
    error = platform.submit()["error"]
    assert error["code"] == "InternalError"
    assert error["message"].startswith("the release record of 'reviews-batch' is broken")
    assert models(platform) == []
