"""The batch submitter with all its dependencies in memory."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from tests.unit.lambda_.support.batch_services import BUCKET, Bedrock, Bucket, SageMaker, error

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
    """The function with all its dependencies."""

    def __init__(self, function: Any, source: str, **batch: Any) -> None:
        self.function = function
        self.bucket = Bucket()
        self.sagemaker = SageMaker(self.bucket, lambda line: {"label": "positive", "score": len(line["input"])})
        self.bedrock = Bedrock(self.bucket, answered)
        self.reported: list[Any] = []
        self.crawled: list[str] = []
        self.later: list[Any] = []
        self.crawler_runs = False
        self.releases: dict[str, str] = {}
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
        function.client = clients.__getitem__

    def get_parameter(self, *, Name: str) -> Any:
        if Name in self.releases:
            return {"Parameter": {"Value": self.releases[Name]}}
        if Name != "/mlops/test/routes/reviews-batch":
            raise error("ParameterNotFound")
        return {"Parameter": {"Value": json.dumps({**self.record, "batch": self.batch})}}

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:
        assert TopicArn == ENVIRON["TOPIC_ARN"]
        self.reported.append((Subject, json.loads(Message)))

    def start_crawler(self, *, Name: str) -> None:
        if self.crawler_runs:
            raise error("CrawlerRunningException")
        self.crawled.append(Name)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:
        assert (FunctionName, InvocationType) == ("mlops-test-batch-submitter", "Event")
        self.later.append(json.loads(Payload))

    def call(self, event: Any) -> Any:
        context = SimpleNamespace(aws_request_id="r", function_name="mlops-test-batch-submitter")
        return self.function.handler(event, context)

    def submit(self, request_id: str = "night-1", key: str = f"{FOLDER}requests/in.jsonl", **more: Any) -> Any:
        requested = {"action": "submit", "blueprint": "reviews-batch", "request_id": request_id, "input": key}
        return self.call({**requested, "owner": "key:me", **more})

    def status(self, request_id: str = "night-1", owner: str = "key:me") -> Any:
        """Return the status of a request; those of arrived objects belong to the environment."""
        owner = "environment" if request_id.startswith("s3-") else owner
        requested = {"action": "status", "blueprint": "reviews-batch", "request_id": request_id, "owner": owner}
        return self.call(requested)

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
