"""Batch transform: every object is transformed by the model's code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import ROLE, tarred, unique, wait_for
from tests.support.delivery import Queue, role
from tests.support.faults import fault

pytestmark = pytest.mark.emulator

SERVE = """
import json, os
def model_fn(model_dir):
    return 10
def input_fn(body, content_type):
    if content_type == "text/csv":
        return [[float(cell) for cell in line.split(",")] for line in body.splitlines()]
    return [json.loads(line) for line in body.splitlines()]
def predict_fn(rows, model):
    if os.environ.get("SLOW"):
        import time; time.sleep(0.2)
    return [model * sum(row["x"] if isinstance(row, dict) else row) for row in rows]
def output_fn(values, accept):
    if accept == "text/csv":
        return "\\n".join(str(value) for value in values), accept
    return "\\n".join(json.dumps({"y": value, "batch": os.environ["SAGEMAKER_BATCH"]}) for value in values), accept
"""


class Transforms:
    def __init__(self, aws: Any, bucket: str) -> None:
        self.client, self.s3, self.logs, self.bucket = aws("sagemaker"), aws("s3"), aws("logs"), bucket
        self.prefix = unique("batch")

    def model(self, script: str = SERVE, role_arn: str = ROLE, **environment: str) -> str:
        name = unique("model")
        self.s3.put_object(Bucket=self.bucket, Key=f"models/{name}.tar.gz", Body=tarred({"code/inference.py": script}))
        container = {
            "Image": "sklearn",
            "ModelDataUrl": f"s3://{self.bucket}/models/{name}.tar.gz",
            "Environment": environment,
        }
        self.client.create_model(ModelName=name, ExecutionRoleArn=role_arn, PrimaryContainer=container)
        return name

    def put(self, key: str, *lines: Any) -> None:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n"
        self.s3.put_object(Bucket=self.bucket, Key=f"{self.prefix}/in/{key}", Body=text.encode())

    def get(self, key: str) -> str:
        return str(self.s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}/out/{key}")["Body"].read().decode())

    def outputs(self) -> list[str]:
        contents = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.prefix}/out/").get("Contents", [])
        return [item["Key"].removeprefix(f"{self.prefix}/out/") for item in contents]

    def start(self, model: str, kind: str = "application/jsonlines", **options: Any) -> str:
        name = unique("transform")
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{self.prefix}/in/"} | options.pop("at", {})
        given = {"DataSource": {"S3DataSource": source}, "ContentType": kind, "SplitType": options.pop("split", "Line")}
        target = {"S3OutputPath": f"s3://{self.bucket}/{self.prefix}/out/", "Accept": kind, "AssembleWith": "Line"}
        self.client.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            TransformInput=given,
            TransformOutput=target | options.pop("to", {}),
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **options,
        )
        return name

    def ended(self, name: str) -> dict[str, Any]:
        return dict(
            wait_for(
                lambda: self.client.describe_transform_job(TransformJobName=name),
                until=lambda job: job["TransformJobStatus"] not in ("InProgress", "Stopping"),
            )
        )

    def run(self, model: str, *args: Any, **options: Any) -> dict[str, Any]:
        return self.ended(self.start(model, *args, **options))

    def log(self, name: str) -> str:
        group = "/aws/sagemaker/TransformJobs"
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        return "\n".join(
            event["message"]
            for stream in streams
            for event in self.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        )


@pytest.fixture
def batch(aws: Any, bucket: str) -> Transforms:
    return Transforms(aws, bucket)


@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_as_many_records_come_out_in_order(batch: Transforms, seen: Any, strategy: str) -> None:
    batch.put("a.jsonl", *({"x": [number]} for number in range(300)))
    batch.put("more/b.jsonl", {"x": [1, 2]})
    job = batch.run(batch.model(), BatchStrategy=strategy, MaxConcurrentTransforms=4)
    assert (job["TransformJobStatus"], "FailureReason" in job) == ("Completed", False)
    assert batch.outputs() == ["a.jsonl.out", "more/b.jsonl.out"]
    assert [json.loads(line)["y"] for line in batch.get("a.jsonl.out").splitlines()] == list(range(0, 3000, 10))
    assert json.loads(batch.get("more/b.jsonl.out")) == {"y": 30, "batch": "true"}
    [record] = seen(kind="transform", resource=job["TransformJobName"])
    assert (record["fidelity"], record["detail"]["records"]) == ("executed", 301)
    assert job["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "executed"
    assert record["detail"]["requests"] == (301 if strategy == "SingleRecord" else 2)
    assert job["TransformStartTime"] <= job["TransformEndTime"]


def test_lines_of_csv(batch: Transforms) -> None:
    batch.put("rows.csv", "1,2", "3,4")
    assert batch.run(batch.model(), "text/csv")["TransformJobStatus"] == "Completed"
    assert batch.get("rows.csv.out") == "30.0\n70.0\n"


def test_a_manifest_names_the_objects(batch: Transforms) -> None:
    batch.put("a.jsonl", {"x": [1]})
    batch.put("b.jsonl", {"x": [2]})
    batch.put("list.manifest", json.dumps([{"prefix": f"s3://{batch.bucket}/{batch.prefix}/in/"}, "b.jsonl"]))
    at = {"S3DataType": "ManifestFile", "S3Uri": f"s3://{batch.bucket}/{batch.prefix}/in/list.manifest"}
    assert batch.run(batch.model(), at=at)["TransformJobStatus"] == "Completed"
    assert batch.outputs() == ["b.jsonl.out"]


def test_answers_are_joined_to_their_records(batch: Transforms) -> None:
    batch.put("a.jsonl", {"id": "r1", "in": {"x": [1]}}, {"id": "r2", "in": {"x": [2]}})
    processing = {"InputFilter": "$.in", "OutputFilter": "$['id','SageMakerOutput']", "JoinSource": "Input"}
    assert batch.run(batch.model(), DataProcessing=processing)["TransformJobStatus"] == "Completed"
    assert [json.loads(line) for line in batch.get("a.jsonl.out").splitlines()] == [
        {"id": "r1", "SageMakerOutput": {"y": 10, "batch": "true"}},
        {"id": "r2", "SageMakerOutput": {"y": 20, "batch": "true"}},
    ]


def test_columns_of_csv_are_chosen_and_joined(batch: Transforms) -> None:
    batch.put("a.csv", "r1,1,2", "r2,3,4")
    processing = {"InputFilter": "$[1:]", "OutputFilter": "$[0,-1]", "JoinSource": "Input"}
    assert batch.run(batch.model(), "text/csv", DataProcessing=processing)["TransformJobStatus"] == "Completed"
    assert batch.get("a.csv.out") == "r1,30.0\nr2,70.0\n"


def test_a_bad_record_fails_its_object_and_the_job(batch: Transforms) -> None:
    batch.put("bad.jsonl", {"x": [1]}, {"z": 2})
    batch.put("good.jsonl", {"x": [1]})
    job = batch.run(batch.model(), BatchStrategy="SingleRecord")
    assert (job["TransformJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: See job logs for more information",
    )
    assert batch.outputs() == ["good.jsonl.out"]
    log = batch.log(job["TransformJobName"])
    assert "in/bad.jsonl: AlgorithmError: 500" in log
    assert "KeyError: 'x'" in log


def test_without_objects_it_fails_with_the_reason(batch: Transforms) -> None:
    job = batch.run(batch.model())
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: No S3 objects found under S3 URL")


def test_it_has_only_the_permissions_of_the_model_s_role(batch: Transforms, aws: Any) -> None:
    batch.put("a.jsonl", {"x": [1]})
    job = batch.run(batch.model(role_arn=role(aws, "sagemaker", "s3:Get*")))
    assert job["TransformJobStatus"] == "Failed"
    assert "s3:ListBucket" in job["FailureReason"]


def test_results_are_encrypted_with_the_key_that_is_named(batch: Transforms, aws: Any) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    batch.put("a.jsonl", {"x": [1]})
    assert batch.run(batch.model(), to={"KmsKeyId": key})["TransformJobStatus"] == "Completed"
    stored = batch.s3.head_object(Bucket=batch.bucket, Key=f"{batch.prefix}/out/a.jsonl.out")
    assert stored["SSEKMSKeyId"] == key


def test_it_can_be_stopped_and_its_name_is_taken(batch: Transforms) -> None:
    batch.put("a.jsonl", *({"x": [number]} for number in range(500)))
    model = batch.model(SLOW="yes")
    name = batch.start(model, BatchStrategy="SingleRecord")
    batch.client.stop_transform_job(TransformJobName=name)
    assert batch.ended(name)["TransformJobStatus"] == "Stopped"
    assert batch.outputs() == []
    with pytest.raises(ClientError) as error:
        batch.client.stop_transform_job(TransformJobName=name)
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_unsupported_jobs_are_rejected(batch: Transforms) -> None:
    for model, options, words in (
        ("no-such-model", {}, "Could not find model"),
        (batch.model(), {"split": "RecordIO"}, "SplitType RecordIO"),
        (batch.model(), {"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "must be at most 100"),
    ):
        with pytest.raises(ClientError, match=words):
            batch.start(model, **options)


def test_faults(batch: Transforms, emulator: Any) -> None:
    batch.put("a.jsonl", *({"x": [number]} for number in range(20)))
    model = batch.model()
    with fault(emulator.endpoint, "worker-dies", "sagemaker", action="CreateTransformJob", resource=model, count=2):
        assert batch.run(model, BatchStrategy="SingleRecord")["TransformJobStatus"] == "Completed"
    with fault(emulator.endpoint, "job-fails", "sagemaker", action="CreateTransformJob", resource=model, count=1):
        job = batch.run(model)
    assert (job["TransformJobStatus"], job["FailureReason"][:19]) == ("Failed", "InternalServerError")
    assert len(batch.get("a.jsonl.out").splitlines()) == 20


def test_the_bus_gets_an_event(batch: Transforms, aws: Any) -> None:
    batch.put("a.jsonl", {"x": [1]})
    queue, events, rule = Queue(aws, "events"), aws("events"), unique("rule")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Transform Job State Change"],
        "detail": {"TransformJobStatus": ["Completed"]},
    }
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": queue.arn}])
    name = batch.start(batch.model())
    event = queue.body()
    assert event["detail"]["TransformJobName"] == name
    assert event["resources"] == [event["detail"]["TransformJobArn"]]
    events.remove_targets(Rule=rule, Ids=["q"])
    events.delete_rule(Name=rule)


def test_jobs_are_listed(batch: Transforms) -> None:
    batch.put("a.jsonl", {"x": [1]})
    name = batch.run(batch.model())["TransformJobName"]
    listed = batch.client.list_transform_jobs(NameContains=name, StatusEquals="Completed")["TransformJobSummaries"]
    assert [job["TransformJobName"] for job in listed] == [name]
