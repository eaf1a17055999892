"""Bedrock's batch inference: files of prompts become files of answers, within the quotas, under the job's role."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import unique, wait_for
from tests.support.delivery import Queue, role
from tests.support.faults import fault

pytestmark = pytest.mark.emulator

MODEL = "amazon.nova-lite-v1:0"
OVER = ("Completed", "Failed", "Stopped", "PartiallyCompleted")


def prompt(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": text}]}], "inferenceConfig": {"temperature": 0}}


class Batch:
    def __init__(self, aws: Any, bucket: str) -> None:
        self.client, self.s3, self.bucket = aws("bedrock"), aws("s3"), bucket
        self.role = role(aws, "bedrock", "s3:*")
        self.prefix = unique("bedrock")

    def put(self, name: str, count: int, **more: Any) -> None:
        lines = [{"recordId": f"{name}-{number}", "modelInput": prompt(f"great {number}")} for number in range(count)]
        lines += more.get("lines", [])
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        self.s3.put_object(Bucket=self.bucket, Key=f"{self.prefix}/in/{name}.jsonl", Body=text.encode())

    def start(self, at: str = "", **options: Any) -> str:
        request = {
            "jobName": unique("job"),
            "roleArn": self.role,
            "modelId": MODEL,
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"s3://{self.bucket}/{self.prefix}/in/{at}"}},
            "outputDataConfig": {
                "s3OutputDataConfig": {"s3Uri": f"s3://{self.bucket}/{self.prefix}/out/", **options.pop("to", {})}
            },
        }
        return str(self.client.create_model_invocation_job(**request | options)["jobArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        return dict(
            wait_for(
                lambda: self.client.get_model_invocation_job(jobIdentifier=arn), until=lambda job: job["status"] in OVER
            )
        )

    def run(self, at: str = "", **options: Any) -> dict[str, Any]:
        return self.ended(self.start(at, **options))

    def key(self, job: dict[str, Any], name: str) -> str:
        return f"{self.prefix}/out/{job['jobArn'].rsplit('/', 1)[-1]}/{name}"

    def lines(self, job: dict[str, Any], name: str) -> list[dict[str, Any]]:
        body = self.s3.get_object(Bucket=self.bucket, Key=self.key(job, name))["Body"].read()
        return [json.loads(line) for line in body.splitlines()]


@pytest.fixture
def batch(aws: Any, bucket: str) -> Batch:
    return Batch(aws, bucket)


def test_every_record_comes_out_in_order(batch: Batch, seen: Any) -> None:
    batch.put("a", 120)
    batch.put("b", 3)
    job = batch.run()
    assert job["status"] == "Completed"
    counts = {name: job[f"{name}RecordCount"] for name in ("total", "processed", "success", "error")}
    assert counts == {"total": 123, "processed": 123, "success": 123, "error": 0}
    lines = batch.lines(job, "a.jsonl.out")
    assert [line["recordId"] for line in lines] == [f"a-{number}" for number in range(120)]
    assert lines[7]["modelInput"] == prompt("great 7")
    assert "positive" in lines[7]["modelOutput"]["output"]["message"]["content"][0]["text"]
    assert len(batch.lines(job, "b.jsonl.out")) == 3
    [manifest] = batch.lines(job, "manifest.json.out")
    assert manifest["totalRecordCount"] == manifest["successRecordCount"] == 123
    assert manifest["inputTokenCount"] > 0
    [record] = seen(kind="bedrock-batch", resource=job["jobName"])
    assert record["fidelity"] == "stand-in"
    assert job["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "stand-in"
    listed = batch.client.list_model_invocation_jobs(nameContains=job["jobName"])
    assert listed["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "stand-in"


def test_a_record_that_the_model_refuses_has_an_error_in_place_of_an_output(batch: Batch) -> None:
    wrong = {"recordId": "wrong", "modelInput": {"messages": []}}
    batch.put("a", 100, lines=[wrong, {"modelInput": prompt("no id")}])
    job = batch.run("a.jsonl")
    assert (job["status"], job["errorRecordCount"]) == ("Completed", 1)
    *_, refused, without_id = batch.lines(job, "a.jsonl.out")
    assert (refused["recordId"], refused["error"]["errorCode"], "modelOutput" in refused) == ("wrong", 400, False)
    assert without_id["recordId"]


def test_converse_records_and_embeddings(batch: Batch) -> None:
    batch.put("a", 100)
    job = batch.run(modelInvocationType="Converse")
    assert batch.lines(job, "a.jsonl.out")[0]["modelOutput"]["stopReason"] == "end_turn"
    assert job["modelInvocationType"] == "Converse"
    rows = [{"recordId": str(number), "modelInput": {"inputText": f"text {number}"}} for number in range(100)]
    batch.put("a", 0, lines=rows)
    job = batch.run(modelId="amazon.titan-embed-text-v2:0")
    assert len(batch.lines(job, "a.jsonl.out")[99]["modelOutput"]["embedding"]) == 1024


@pytest.mark.parametrize(
    ("count", "lines", "words"),
    [
        (99, [], "99, is less than the minimum of 100 records"),
        (50_000, [{"modelInput": {}}], "50001, is more than the maximum of 50000 records"),
        (100, ["no json"], "Line 101 of a.jsonl is not valid JSON"),
        (100, [{"recordId": "x"}], "Line 101 of a.jsonl has no modelInput"),
    ],
)
def test_an_invalid_job_fails_as_a_whole(batch: Batch, count: int, lines: list[Any], words: str) -> None:
    batch.put("a", count, lines=lines)
    job = batch.run()
    assert job["status"] == "Failed"
    assert words in job["message"]
    assert batch.s3.list_objects_v2(Bucket=batch.bucket, Prefix=f"{batch.prefix}/out/").get("KeyCount") == 0


def test_a_token_makes_one_job_of_two_calls(batch: Batch) -> None:
    batch.put("a", 100)
    options = {"jobName": unique("job"), "clientRequestToken": unique("token")}
    arn = batch.start(**options)
    assert batch.start(**options) == arn
    with pytest.raises(ClientError) as error:
        batch.start(**options | {"jobName": unique("job")})
    assert error.value.response["Error"]["Code"] == "ConflictException"
    with pytest.raises(ClientError, match="already exists"):
        batch.start(jobName=options["jobName"])
    assert batch.ended(arn)["status"] == "Completed"


def test_the_jobs_role_decides(batch: Batch, aws: Any) -> None:
    batch.put("a", 100)
    job = batch.run(roleArn=role(aws, "bedrock", "s3:GetObject"))
    assert (job["status"], "AccessDenied" in job["message"]) == ("Failed", True)
    job = batch.run(roleArn=role(aws, "lambda", "s3:*"))
    assert (job["status"], "AccessDenied" in job["message"]) == ("Failed", True)


def test_results_are_encrypted_with_the_key_that_is_named(batch: Batch, aws: Any) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    iam, name = aws("iam"), batch.role.rsplit("/", 1)[-1]
    allowed = {"Effect": "Allow", "Action": ["kms:*"], "Resource": key}
    iam.put_role_policy(
        RoleName=name, PolicyName="key", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    batch.put("a", 100)
    job = batch.run(to={"s3EncryptionKeyId": key})
    assert job["status"] == "Completed", job["message"]
    stored = batch.s3.head_object(Bucket=batch.bucket, Key=batch.key(job, "a.jsonl.out"))
    assert stored["SSEKMSKeyId"] == key


def test_models_that_have_no_batch_inference(batch: Batch) -> None:
    for model in ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl", "unknown.model-v1"):
        with pytest.raises(ClientError) as error:
            batch.start(modelId=model)
        assert error.value.response["Error"]["Code"] == "ValidationException"


def test_faults(batch: Batch, emulator: Any) -> None:
    batch.put("a", 200)
    about = {"action": "CreateModelInvocationJob"}
    with fault(emulator.endpoint, "job-fails", "bedrock", count=1, resource=(name := unique("job")), **about):
        job = batch.run(jobName=name)
    assert (job["status"], job["message"]) == ("Failed", "Internal server error. Try again later.")
    with fault(emulator.endpoint, "record-error", "bedrock", share=0.02, resource=(name := unique("job")), **about):
        job = batch.run(jobName=name)
    assert (job["status"], job["errorRecordCount"], job["successRecordCount"]) == ("Completed", 4, 196)
    with fault(
        emulator.endpoint, "job-partly-completes", "bedrock", count=1, resource=(name := unique("job")), **about
    ):
        job = batch.run(jobName=name)
    assert (job["status"], job["processedRecordCount"]) == ("PartiallyCompleted", 100)
    assert len(batch.lines(job, "a.jsonl.out")) == 100


def test_jobs_are_listed_and_stopped(batch: Batch) -> None:
    batch.put("a", 100)
    job = batch.run()
    listed = batch.client.list_model_invocation_jobs(nameContains=job["jobName"])["invocationJobSummaries"]
    assert [each["jobArn"] for each in listed] == [job["jobArn"]]
    with pytest.raises(ClientError) as error:
        batch.client.stop_model_invocation_job(jobIdentifier=job["jobArn"])
    assert error.value.response["Error"]["Code"] == "ConflictException"
    batch.put("a", 50_000)
    arn = batch.start()
    batch.client.stop_model_invocation_job(jobIdentifier=arn.rsplit("/", 1)[-1])
    assert batch.ended(arn)["status"] == "Stopped"
    with pytest.raises(ClientError) as error:
        batch.client.get_model_invocation_job(jobIdentifier="nosuchjob123")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_bus_gets_an_event_of_every_state(batch: Batch, aws: Any) -> None:
    queue, events, rule = Queue(aws, "events"), aws("events"), unique("rule")
    name = unique("job")
    pattern = {
        "source": ["aws.bedrock"],
        "detail-type": ["Batch Inference Job State Change"],
        "detail": {"batchJobName": [name]},
    }
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": queue.arn}])
    batch.put("a", 100)
    arn = batch.run(jobName=name)["jobArn"]
    received = [queue.body() for _ in range(4)]
    assert {event["detail"]["status"] for event in received} == {"Submitted", "Validating", "InProgress", "Completed"}
    assert {event["detail"]["batchJobArn"] for event in received} == {arn}
    events.remove_targets(Rule=rule, Ids=["q"])
    events.delete_rule(Name=rule)
