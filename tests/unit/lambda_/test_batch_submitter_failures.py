"""A batch loses no record: what has no answer is told by record, and can be asked again."""

from __future__ import annotations

from tests.unit.lambda_.batch_fakes import error
from tests.unit.lambda_.batch_platform import FOLDER, OUTPUT, Platform


def test_records_that_are_none_and_records_that_the_model_refuses_keep_their_places(on_sagemaker: Platform) -> None:
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


def test_a_file_that_failed_is_named_and_only_its_records_are_asked_again(on_sagemaker: Platform) -> None:
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
    asked = [line["input"] for key in keys for line in platform.bucket.lines(key)]
    assert asked == [f"text {n}" for n in range(84, 167)]
    platform.sagemaker.run(second)
    platform.ended(second)
    assert platform.status()["status"] == "completed"
    assert [line["record"] for line in platform.results()] == list(range(250))
    assert platform.errors() == []


def test_answers_that_do_not_match_their_records_are_nobodys(on_sagemaker: Platform) -> None:
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
    assert [subject for subject, _ in platform.told] == ["Batch reviews-batch: failed"]
