"""Models that take rows and return values, or make embeddings, answer through the deployed functions.

The container is a user's: it gets objects and returns `{"value"}`. The same rows are sent as JSON, as CSV with named
columns, and as a batch that keeps their names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.packaging import SourcePackager
from tests.support.compute import ROLE, tarred, unique, wait_for

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).resolve().parents[3]
ROWS: list[dict[str, Any]] = [{"age": 59, "bmi": 32.5}, {"age": 48, "bmi": None}, {"age": 0, "bmi": 0.5}]
VALUES = [91.5, 48.0, 0.5]
SERVE = """
import json

def model_fn(folder):
    return json.load(open(folder + "/m.json"))

def input_fn(body, kind):
    if kind == "application/jsonlines":
        return {"lines": [json.loads(line)["input"] for line in body.split("\\n") if line]}
    return json.loads(body)

def predict_fn(asked, model):
    rows = asked["lines"] if "lines" in asked else asked["inputs"]
    outputs = [{"value": sum(row[name] or 0 for name in model["features"])} for row in rows]
    return outputs if "lines" in asked else {"outputs": outputs, "model": {"training_job": model["job"]}}

def output_fn(answer, accept):
    if isinstance(answer, list):
        return "".join(json.dumps(line) + "\\n" for line in answer), "application/jsonlines"
    return json.dumps(answer), "application/json"
"""


class Platform:
    """The router and the batch submitter, with route records as the modules write them."""

    def __init__(self, aws: Any, bucket: str, folder: Path) -> None:
        self.aws, self.bucket, self.prefix = aws, bucket, f"/{unique('rows')}/test/routes"
        packages = SourcePackager(ROOT).build(folder)
        key = aws("kms").create_key()["KeyMetadata"]["Arn"]
        topic = aws("sns").create_topic(Name=unique("rows"))["TopicArn"]
        batch = {"BUCKET": bucket, "NAME_PREFIX": "mlops-test", "TOPIC_ARN": topic}
        keys = {"DATA_KEY_ARN": key, "VOLUME_KEY_ARN": key, "ACCOUNT_ID": "123456789012"}
        self.functions = {}
        for name, environment in (("model_router", {}), ("batch_submitter", {**batch, **keys})):
            self.functions[name] = unique(name.replace("_", "-"))
            aws("lambda").create_function(
                FunctionName=self.functions[name],
                Runtime="python3.12",
                Role=ROLE,
                Handler=f"{name}.handler.handler",
                Timeout=30,
                Code={"ZipFile": packages[name].path.read_bytes()},
                Environment={"Variables": {"ROUTES_PREFIX": self.prefix, **environment}},
            )

    def call(self, function: str, event: Any) -> Any:
        answer = self.aws("lambda").invoke(FunctionName=self.functions[function], Payload=json.dumps(event).encode())
        response = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, response
        return response

    def route(self, name: str, **record: Any) -> str:
        value = json.dumps({"blueprint": name, **record})
        self.aws("ssm").put_parameter(Name=f"{self.prefix}/{name}", Value=value, Type="String")
        return name

    def post(self, blueprint: str, body: Any, content_type: str = "application/json") -> tuple[int, Any]:
        event = {
            "resource": "/realtime/{blueprint}",
            "pathParameters": {"blueprint": blueprint},
            "httpMethod": "POST",
            "headers": {"Content-Type": content_type},
            "requestContext": {"requestId": unique("q")},
            "body": body if isinstance(body, str) else json.dumps(body),
        }
        response = self.call("model_router", event)
        return response["statusCode"], json.loads(response["body"])


@pytest.fixture(scope="module")
def platform(aws: Any, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return Platform(aws, bucket, tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="module")
def model(aws: Any, bucket: str) -> str:
    """Return the name of a model, and of the endpoint that serves it."""
    sagemaker, name = aws("sagemaker"), unique("mlops-test-rows")
    files = {"code/inference.py": SERVE, "m.json": json.dumps({"job": "job-1", "features": ["age", "bmi"]})}
    aws("s3").put_object(Bucket=bucket, Key=f"{name}.tar.gz", Body=tarred(files))
    container = {"Image": "sklearn", "ModelDataUrl": f"s3://{bucket}/{name}.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    status = wait_for(
        lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"], until=lambda s: s != "Creating"
    )
    assert status == "InService"
    return name


def test_rows_are_answered_through_the_api(platform: Platform, model: str) -> None:
    targets = [{"name": "primary", "endpoint_name": model}]
    blueprint = platform.route(unique("rows"), kind="realtime", source="sagemaker", targets=targets)
    status, body = platform.post(blueprint, {"inputs": ROWS})
    assert (status, body["outputs"]) == (200, [{"value": value} for value in VALUES])
    assert body["model"] == {"training_job": "job-1"}
    lines = "".join(json.dumps({"id": place, **row}) + "\n" for place, row in enumerate(ROWS))
    status, body = platform.post(blueprint, lines, "application/jsonlines; column=*")
    assert (status, [output["value"] for output in body["outputs"]]) == (200, VALUES)
    status, body = platform.post(blueprint, {"inputs": [{"s3": f"s3://{platform.bucket}/rows.csv"}]})
    assert (status, "this is a file by its S3 path" in body["error"]["message"]) == (400, True)


def test_rows_of_csv_are_answered_by_a_batch_under_their_names(platform: Platform, model: str) -> None:
    name = unique("rows")
    batch = {
        "format": "auto",
        "column": "*",
        "id": "patient",
        "types": {"age": "bigint", "bmi": "double"},
        "records_per_file": 2,
        "minimum_records": 1,
        "maximum_records": 100,
        "model_name": model,
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "strategy": "MultiRecord",
        "max_payload_mb": 6,
        "max_concurrent_transforms": 1,
    }
    platform.route(name, kind="batch", source="sagemaker", parameters={}, batch=batch)
    key = f"inference/batch/input/{name}/requests/today.csv"
    cells = "patient,age,bmi\np1,59,32.5\np2,48,\np3,young,1\np4,0,0.5\n"
    platform.aws("s3").put_object(Bucket=platform.bucket, Key=key, Body=cells.encode())
    requested = {"blueprint": name, "request_id": "today", "owner": "environment"}
    answer = platform.call("batch_submitter", {"action": "submit", "input": key, **requested})
    assert "error" not in answer, answer
    (job,) = answer["jobs"]
    sagemaker = platform.aws("sagemaker")
    wait_for(
        lambda: sagemaker.describe_transform_job(TransformJobName=job["name"])["TransformJobStatus"],
        until=lambda status: status != "InProgress",
    )
    platform.call("batch_submitter", {"action": "job-ended", "job": job["name"]})
    answer = platform.call("batch_submitter", {"action": "status", **requested})
    assert (answer["status"], answer["records"]["bad"]) == ("partly_failed", 1)
    results = answer["output"].removeprefix(f"s3://{platform.bucket}/")
    body = platform.aws("s3").get_object(Bucket=platform.bucket, Key=results)["Body"].read()
    error = {"type": "BadRecord", "message": "line 4: 'age' must be a whole number of at most 18 digits"}
    assert [json.loads(line) for line in body.splitlines()] == [
        {"record": 0, "id": "p1", "output": {"value": 91.5}},
        {"record": 1, "id": "p2", "output": {"value": 48}},
        {"record": 2, "id": "p3", "error": error},
        {"record": 3, "id": "p4", "output": {"value": 0.5}},
    ]


def test_an_embedding_model_of_bedrock_answers_the_native_path(platform: Platform, aws: Any) -> None:
    base = "amazon.titan-embed-text-v2:0"
    source = {"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{base}"}
    profile = aws("bedrock").create_inference_profile(inferenceProfileName=unique("vectors"), modelSource=source)
    targets = [{"name": "primary", "model_id": profile["inferenceProfileArn"], "base_model_id": base}]
    record = {"kind": "realtime", "source": "bedrock", "targets": targets, "parameters": {"dimensions": 256}}
    blueprint = platform.route(unique("vectors"), **record)
    status, body = platform.post(blueprint, {"inputs": ["a lamp", "a lens"]})
    assert status == 200, body
    assert [len(output["embedding"]) for output in body["outputs"]] == [256, 256]
    assert body["usage"]["outputTokens"] == 0
    status, body = platform.post(blueprint, {"inputs": ["a lamp"], "parameters": {"dimensions": 512}})
    assert [len(output["embedding"]) for output in body["outputs"]] == [512]
    status, body = platform.post(blueprint, {"inputs": [{"a": 1}]})
    assert (status, "takes texts" in body["error"]["message"]) == (400, True)
