"""Batch inference from the object to the result, against services in memory."""

from __future__ import annotations

import io
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from inference_common import errors

from tests.unit.lambda_.batch_fakes import BUCKET, Bedrock, Bucket, SageMaker, error

FOLDER = "inference/batch/input/reviews-batch/"
OUTPUT = "inference/batch/output/reviews-batch/"
ENVIRON = {
    "BUCKET": BUCKET,
    "NAME_PREFIX": "mlops-test",
    "ROUTES_PREFIX": "/mlops/test/routes",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications",
    "DATA_KEY_ARN": "arn:data-key",
    "VOLUME_KEY_ARN": "arn:volume-key",
    "PROJECT": "mlops",
    "ENVIRONMENT": "test",
}
SAGEMAKER = {
    "model_name": "mlops-test-reviews-batch-1",
    "instance_type": "ml.m5.large",
    "instance_count": 1,
    "strategy": "MultiRecord",
    "max_payload_mb": 6,
    "max_concurrent_transforms": 2,
    "prices": {"instance_usd_per_hour": 0.115},
}
BEDROCK = {
    "model_id": "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
    "base_model_id": "amazon.nova-lite-v1:0",
    "role_arn": "arn:aws:iam::123456789012:role/mlops-test-reviews-batch",
    "key_arn": "arn:data-key",
    "timeout_hours": 24,
    "prices": {"usd_per_million_input_tokens": 0.03, "usd_per_million_output_tokens": 0.12},
}


class Platform:
    """The function with all that it talks to."""

    def __init__(self, function: Any, source: str, **batch: Any) -> None:
        self.function = function
        self.bucket = Bucket()
        self.sagemaker = SageMaker(self.bucket, lambda line: {"label": "positive", "score": len(line["input"])})
        self.bedrock = Bedrock(self.bucket, answered)
        self.told: list[Any] = []
        self.crawled: list[str] = []
        self.later: list[Any] = []
        self.crawler_runs = False
        own = {"sagemaker": SAGEMAKER, "bedrock": BEDROCK}[source]
        self.batch = {
            "format": "auto",
            "column": None,
            "records_per_file": 100,
            "minimum_records": 1,
            "maximum_records": 200_000,
            "on_arrival": True,
            "crawler": "mlops-test-reviews-batch-results",
            **own,
            **batch,
        }
        self.record = {"blueprint": "reviews-batch", "kind": "batch", "source": source, "parameters": {}}
        clients = {
            "s3": self.bucket,
            "sagemaker": self.sagemaker,
            "bedrock": self.bedrock,
            "ssm": self,
            "sns": self,
            "glue": self,
            "lambda": self,
        }
        function.handler.client = clients.__getitem__

    def get_parameter(self, *, Name: str) -> Any:
        if Name != "/mlops/test/routes/reviews-batch":
            raise error("ParameterNotFound")
        return {"Parameter": {"Value": json.dumps({**self.record, "batch": self.batch})}}

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:
        assert TopicArn == ENVIRON["TOPIC_ARN"]
        self.told.append((Subject, json.loads(Message)))

    def start_crawler(self, *, Name: str) -> None:
        if self.crawler_runs:
            raise error("CrawlerRunningException")
        self.crawled.append(Name)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:
        assert (FunctionName, InvocationType) == ("mlops-test-batch-submitter", "Event")
        self.later.append(json.loads(Payload))

    def call(self, event: Any) -> Any:
        context = SimpleNamespace(aws_request_id="r", function_name="mlops-test-batch-submitter")
        return self.function.handler.handler(event, context)

    def submit(self, request_id: str = "night-1", key: str = f"{FOLDER}requests/in.jsonl", **more: Any) -> Any:
        asked = {"action": "submit", "blueprint": "reviews-batch", "request_id": request_id, "input": key, **more}
        return self.call(asked)

    def status(self, request_id: str = "night-1") -> Any:
        return self.call({"action": "status", "blueprint": "reviews-batch", "request_id": request_id})

    def ended(self, name: str) -> Any:
        detail = {"TransformJobName": name, "TransformJobStatus": "Completed"}
        return self.call({"detail-type": "SageMaker Transform Job State Change", "detail": detail})

    def bedrock_ended(self, name: str) -> Any:
        return self.call({"detail-type": "Batch Inference Job State Change", "detail": {"batchJobName": name}})

    def arrive(self, key: str) -> Any:
        detail = {"bucket": {"name": BUCKET}, "object": {"key": key, "etag": self.bucket.etag(key).strip('"')}}
        return self.call({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})

    def results(self, request_id: str = "night-1") -> list[Any]:
        return self.bucket.lines(f"{OUTPUT}results/request_id={request_id}/results.jsonl")

    def errors(self, request_id: str = "night-1") -> list[Any]:
        return self.bucket.lines(f"{OUTPUT}errors/request_id={request_id}/errors.jsonl")


def answered(record_id: str, line: Any) -> Any:
    text = line["modelInput"]["messages"][0]["content"][0]["text"]
    usage = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
    return {
        "modelOutput": {
            "output": {"message": {"content": [{"text": f"to {text}"}]}},
            "stopReason": "end_turn",
            "usage": usage,
        }
    }


@pytest.fixture
def function(load_function: Any) -> Any:
    return load_function("batch_submitter", **ENVIRON)


@pytest.fixture
def on_sagemaker(function: Any) -> Platform:
    return Platform(function, "sagemaker")


def test_lines_become_a_job_and_the_job_a_result_in_order(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", [{"input": "x" * (1 + n % 7)} for n in range(250)])
    answer = platform.submit()
    assert (answer["status"], answer["records"]) == ("running", {"total": 250})
    (name,) = platform.sagemaker.jobs
    asked = platform.sagemaker.jobs[name]["asked"]
    assert asked["BatchStrategy"] == "MultiRecord"
    assert asked["TransformInput"]["SplitType"] == "Line"
    assert asked["TransformOutput"]["KmsKeyId"] == "arn:data-key"
    assert asked["TransformResources"]["VolumeKmsKeyId"] == "arn:volume-key"
    assert {tag["Key"] for tag in asked["Tags"]} >= {"project", "environment", "blueprint"}

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
    assert [subject for subject, _ in platform.told] == ["Batch reviews-batch: completed"]


# ---- what an input may be ------------------------------------------------------------------------------------------


def sent(platform: Platform) -> list[str]:
    """The texts of all parts, in order."""
    keys = platform.bucket.below("inference/batch/input/_parts/")
    return [line["input"] for key in keys for line in platform.bucket.lines(key)]


def test_csv_has_a_heading_or_one_column(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/a.csv", b'id,review\r\n1,"good, \nvery good"\r\n2,bad\r\n3,\r\n')
    assert platform.submit("a", f"{FOLDER}requests/a.csv")["records"] == {"total": 3}
    assert sent(platform) == ["good, \nvery good", "bad"]
    platform.bucket.put(f"{FOLDER}requests/b.csv", b"fine\nawful\n")
    assert platform.submit("b", f"{FOLDER}requests/b.csv")["records"] == {"total": 2}


def test_parquet_is_read_in_ranges_and_by_its_column(on_sagemaker: Platform) -> None:
    import pyarrow as arrow
    from pyarrow import parquet

    platform = on_sagemaker
    texts = [f"review {n}" for n in range(5000)]
    buffer = io.BytesIO()
    table = arrow.table({"id": list(range(5000)), "ballast": ["x" * 500 + str(n) for n in range(5000)], "text": texts})
    parquet.write_table(table, buffer, row_group_size=1000, compression="none", use_dictionary=False)
    platform.bucket.put(f"{FOLDER}requests/in.parquet", buffer.getvalue())
    platform.batch["records_per_file"] = 2000
    assert platform.submit(key=f"{FOLDER}requests/in.parquet")["records"] == {"total": 5000}
    assert sent(platform) == texts
    assert platform.bucket.largest_read < len(buffer.getvalue()) / 2


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("in.xml", b"<a/>", "must end with one of .jsonl, "),
        ("in.jsonl", b"\n\n", "has no records"),
        ("in.jsonl", b"nonsense\n7\n", "has 0 records, fewer than the 1 .*; 2 of 2 cannot be read"),
        ("in.csv", b"a,b\n1,2\n", "CSV of several columns needs a heading; the text's must be one of"),
        ("in.csv", b"\xff\xfe", "is not CSV in UTF-8"),
        ("in.parquet", b"PAR1 nothing", "is not Parquet"),
    ],
)
def test_an_input_that_is_none_is_refused_the_same_way_again(
    on_sagemaker: Platform, name: str, body: bytes, message: str
) -> None:
    on_sagemaker.bucket.put(f"{FOLDER}requests/{name}", body)
    for _ in range(2):
        error = on_sagemaker.submit(key=f"{FOLDER}requests/{name}")["error"]
        assert error["code"] == "BadRequest"
        assert re.search(message, error["message"])
    assert not on_sagemaker.sagemaker.jobs


@pytest.mark.parametrize(
    "key",
    ["", 7, "data/raw/reviews/x.jsonl", "inference/batch/input/other/x.jsonl", f"{FOLDER}../x.jsonl", FOLDER],
)
def test_only_the_blueprints_own_folder_is_read(on_sagemaker: Platform, key: Any) -> None:
    assert on_sagemaker.submit(key=key)["error"]["code"] == "BadRequest"


def test_a_uri_means_its_key(on_sagemaker: Platform) -> None:
    on_sagemaker.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"])
    assert on_sagemaker.submit(key=f"s3://{BUCKET}/{FOLDER}requests/in.jsonl")["status"] == "running"
    assert on_sagemaker.submit("x", key=f"s3://elsewhere/{FOLDER}requests/in.jsonl")["error"]["code"] == "BadRequest"


def test_what_is_asked_of_nobody_is_unknown(on_sagemaker: Platform) -> None:
    assert on_sagemaker.status("never")["error"]["code"] == "UnknownRequest"
    for name in ("other", "No Name", None):
        asked = {"action": "status", "blueprint": name, "request_id": "x"}
        assert on_sagemaker.call(asked)["error"]["code"] == "UnknownBlueprint"
    assert on_sagemaker.submit("../x")["error"]["code"] == "BadRequest"


def test_a_blueprint_of_another_kind_is_not_served(on_sagemaker: Platform) -> None:
    on_sagemaker.record["kind"] = "realtime"
    error = on_sagemaker.submit()["error"]
    assert error == {
        "code": "UnknownBlueprint",
        "message": "the blueprint 'reviews-batch' is of kind 'realtime', not batch",
    }


# ---- once is enough ------------------------------------------------------------------------------------------------


def test_a_repeated_request_makes_no_second_job(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    first = platform.submit()
    assert platform.submit() == first
    assert len(platform.sagemaker.jobs) == 1
    platform.bucket.put(f"{FOLDER}requests/other.jsonl", ["fine"])
    error = platform.submit(key=f"{FOLDER}requests/other.jsonl")["error"]
    assert "is there already, for the input" in error["message"]


def test_a_submission_that_broke_off_is_finished_by_the_next(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    platform.sagemaker.refuse = error("ThrottlingException")
    assert platform.submit()["error"]["code"] == "Throttled"
    platform.sagemaker.refuse = None
    assert platform.submit()["status"] == "running"
    assert len(platform.sagemaker.jobs) == 1


def test_events_that_come_twice_or_too_early_do_no_harm(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.ended(name)  # it still runs: the event is older than what the service says
    assert platform.status()["status"] == "running"
    platform.sagemaker.run(name)
    platform.ended(name)
    platform.ended(name)
    assert len(platform.results()) == 5
    assert platform.call(
        {"detail-type": "SageMaker Transform Job State Change", "detail": {"TransformJobName": "x"}}
    ) == {"ignored": "x"}
    with pytest.raises(errors.Unavailable, match="nothing is known of the job"):
        platform.ended("mlops-test-reviews-batch-0123456789ab-1-0")


def test_metrics_are_told_once(on_sagemaker: Platform, logged: Any) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine", 7])
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.sagemaker.run(name)
    platform.ended(name)
    platform.ended(name)
    (metrics,) = [line for line in logged() if "_aws" in line]
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "mlops-test/batch"
    wanted = {"Blueprint": "reviews-batch", "Records": 1, "RecordsWithoutOutput": 1, "JobsFailed": 0}
    assert wanted.items() <= metrics.items()


def test_a_running_crawler_is_started_by_the_next_try(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"])
    platform.submit()
    (name,) = platform.sagemaker.jobs
    platform.sagemaker.run(name)
    platform.crawler_runs = True
    with pytest.raises(errors.Unavailable, match="is running"):
        platform.ended(name)
    platform.crawler_runs = False
    platform.ended(name)
    assert platform.crawled == ["mlops-test-reviews-batch-results"]
    assert len(platform.told) == 1


# ---- who starts ----------------------------------------------------------------------------------------------------


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


def test_an_arrival_that_is_none_leaves_an_error_object_and_people_hear_of_it(on_sagemaker: Platform) -> None:
    platform = on_sagemaker
    for name in ("empty.jsonl", "in.xml"):
        platform.bucket.put(f"{FOLDER}{name}", b"\n")
        platform.arrive(f"{FOLDER}{name}")
    keys = platform.bucket.below(f"{OUTPUT}errors/")
    assert len(keys) == 2
    assert {platform.bucket.lines(key)[0]["error"]["type"] for key in keys} == {"BadRequest"}
    assert [subject for subject, _ in platform.told] == ["Batch reviews-batch: failed"] * 2


def test_a_large_input_is_prepared_by_a_call_of_its_own(load_function: Any) -> None:
    platform = Platform(load_function("batch_submitter", **ENVIRON, INLINE_BYTES="10"), "sagemaker")
    platform.bucket.put(f"{FOLDER}requests/in.jsonl", ["fine"] * 5)
    assert platform.submit()["status"] == "accepted"
    assert platform.submit()["status"] == "accepted"
    assert platform.later == [{"action": "start", "blueprint": "reviews-batch", "request_id": "night-1"}]
    platform.call(platform.later[0])
    assert platform.submit()["status"] == "running"


# ---- nothing is lost -----------------------------------------------------------------------------------------------


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


# ---- Bedrock -------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_bedrock(function: Any) -> Platform:
    return Platform(function, "bedrock", records_per_file=50_000, minimum_records=100)


def test_fewer_records_than_the_model_takes_are_refused(on_bedrock: Platform) -> None:
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 99)
    error = on_bedrock.submit()["error"]
    assert error["code"] == "BadRequest"
    assert error["message"].endswith("has 99 records, fewer than the 100 that a job of this model takes")
    assert not on_bedrock.bedrock.jobs


def test_more_records_than_a_request_may_have_are_refused(on_bedrock: Platform) -> None:
    on_bedrock.batch["maximum_records"] = 150
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 151)
    assert on_bedrock.submit()["error"]["code"] == "PayloadTooLarge"


def test_a_request_of_120_001_records_loses_none_when_one_of_its_three_jobs_fails(on_bedrock: Platform) -> None:
    platform = on_bedrock
    total = 120_001
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
    assert answer["records"] == {"total": total, "succeeded": 80_001, "failed": 0, "bad": 0, "missing": 40_000}
    assert answer["reason"] == "without an answer: records 40001-80000"
    assert platform.told[-1][1]["missing"] == "40001-80000"
    errors = platform.errors()
    assert [line["record"] for line in errors] == list(range(40_001, 80_001))
    assert "ended as Failed: the region was busy" in errors[0]["error"]["message"]

    assert platform.submit(retry=True)["status"] == "running"
    assert len(platform.bedrock.jobs) == 4
    platform.bedrock_ended(platform.bedrock.run(3))
    assert platform.status()["status"] == "completed"
    results = platform.results()
    assert [line["record"] for line in results] == list(range(total))
    assert all(line["output"]["text"] == f"to q{line['record']}" for line in results)
    assert platform.errors() == []
    assert platform.status()["cost_usd"] == pytest.approx(total * (10 * 0.03 + 5 * 0.12) / 1e6, rel=1e-6)


def test_the_jobs_of_bedrock_are_asked_for_under_their_names(on_bedrock: Platform) -> None:
    on_bedrock.bucket.put(f"{FOLDER}requests/in.jsonl", ["hello"] * 100)
    on_bedrock.submit()
    (job,) = on_bedrock.bedrock.jobs.values()
    asked = job["asked"]
    assert asked["jobName"] == asked["clientRequestToken"]
    assert asked["roleArn"] == BEDROCK["role_arn"]
    assert asked["modelId"] == BEDROCK["model_id"]
    assert asked["outputDataConfig"]["s3OutputDataConfig"]["s3EncryptionKeyId"] == "arn:data-key"
    key = asked["inputDataConfig"]["s3InputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
    assert on_bedrock.bucket.lines(key)[99] == {
        "recordId": "R0000000099",
        "modelInput": {"messages": [{"role": "user", "content": [{"text": "hello"}]}]},
    }


def test_throttled_records_are_asked_again_and_filled_up_to_the_minimum(on_bedrock: Platform) -> None:
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


def test_a_family_that_nobody_knows_is_refused(on_bedrock: Platform) -> None:
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
