"""Serverless, shadow, multi-model and multi-container endpoints, and what data capture writes."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker.test_endpoints import SERVE, Endpoints
from tests.support.compute import ROLE, tarred, unique, wait_for

pytestmark = pytest.mark.emulator

ADD = """
import json
def model_fn(model_dir): return None
def input_fn(body, content_type): return json.loads(body)
def predict_fn(data, model): return {"inputs": [value + 100 for value in data["outputs"]]}
def output_fn(prediction, accept): return json.dumps(prediction), "application/json"
"""


@pytest.fixture
def endpoints(aws: Any, bucket: str) -> Endpoints:
    return Endpoints(aws, bucket)


def in_service(endpoints: Endpoints, variants: list[dict[str, Any]], **more: Any) -> str:
    config = unique("config")
    endpoints.client.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants, **more)
    name = endpoints.create(config)
    endpoint = endpoints.settled(name)
    assert endpoint["EndpointStatus"] == "InService", endpoint
    return name


def on_instances(model: str, name: str = "primary", weight: float = 1) -> dict[str, Any]:
    sizes = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1, "InitialVariantWeight": weight}
    return {"VariantName": name, "ModelName": model, **sizes}


def serverless(model: str, **limits: int) -> list[dict[str, Any]]:
    config = {"MemorySizeInMB": 1024, "MaxConcurrency": 5, **limits}
    return [{"VariantName": "primary", "ModelName": model, "ServerlessConfig": config}]


def refused(call: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_first_request_starts_a_serverless_server_and_reports_it(endpoints: Endpoints, seen: Any) -> None:
    name = in_service(endpoints, serverless(endpoints.model(3)))
    assert seen(kind="endpoint", resource=name) == []
    body, answer = endpoints.ask(name, 2)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert body["outputs"] == [6]
    assert float(headers["x-emulator-cold-start-ms"]) > 0
    [record] = seen(kind="endpoint", resource=name)
    assert (record["pid"], record["detail"]["mode"]) == (body["pid"], "serverless")
    assert record["detail"]["cold_start_ms"] > 0
    again, answer = endpoints.ask(name, 2)
    assert again["pid"] == body["pid"]
    assert "x-emulator-cold-start-ms" not in answer["ResponseMetadata"]["HTTPHeaders"]


def test_a_serverless_server_that_died_is_started_again(endpoints: Endpoints) -> None:
    name = in_service(endpoints, serverless(endpoints.model(3)))
    first = endpoints.ask(name, 1)[0]["pid"]
    os.kill(first, 9)
    body = wait_for(lambda: _answer(endpoints, name), until=lambda result: result is not None)
    assert body["pid"] != first
    assert endpoints.describe(name)["EndpointStatus"] == "InService"


def _answer(endpoints: Endpoints, name: str) -> dict[str, Any] | None:
    try:
        return dict(endpoints.ask(name, 1)[0])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ModelError":
            raise
        return None


def test_a_serverless_model_that_does_not_load_is_an_error_of_the_model(endpoints: Endpoints) -> None:
    name = in_service(endpoints, serverless(endpoints.model(script="x = 1")))
    code, message = refused(endpoints.ask, name, 1)
    assert code == "ModelError"
    assert "has no model_fn" in message


def test_more_requests_than_the_limit_are_throttled(endpoints: Endpoints) -> None:
    name = in_service(endpoints, serverless(endpoints.model(), MaxConcurrency=1))
    endpoints.ask(name, 1)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(endpoints.ask, name, 1, sleep=2)
        time.sleep(0.5)
        assert refused(endpoints.ask, name, 1)[0] == "ThrottlingException"
        assert slow.result()[0]["outputs"] == [2]
    assert endpoints.ask(name, 1)[0]["outputs"] == [2]


def test_provisioned_concurrency_is_there_before_the_first_request(endpoints: Endpoints, seen: Any) -> None:
    name = in_service(endpoints, serverless(endpoints.model(), ProvisionedConcurrency=1))
    [record] = seen(kind="endpoint", resource=name)
    body, answer = endpoints.ask(name, 1)
    assert record["pid"] == body["pid"]
    assert "x-emulator-cold-start-ms" not in answer["ResponseMetadata"]["HTTPHeaders"]


def captured(endpoints: Endpoints, prefix: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Wait for so many lines; return key and event of each."""

    def lines() -> list[tuple[str, dict[str, Any]]]:
        contents = endpoints.s3.list_objects_v2(Bucket=endpoints.bucket, Prefix=prefix).get("Contents", [])
        texts = [(o["Key"], endpoints.s3.get_object(Bucket=endpoints.bucket, Key=o["Key"])["Body"]) for o in contents]
        return [(key, json.loads(line)) for key, text in texts for line in text.read().decode().splitlines()]

    return list(wait_for(lines, until=lambda result: len(result) >= count, seconds=20))


def test_a_shadow_gets_a_copy_and_both_answers_are_captured(endpoints: Endpoints) -> None:
    prefix = unique("capture")
    name = in_service(
        endpoints,
        [on_instances(endpoints.model(2), "primary", 100)],
        ShadowProductionVariants=[on_instances(endpoints.model(7), "shadow", 100)],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{endpoints.bucket}/{prefix}",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )
    body, answer = endpoints.ask(name, 3)
    assert (body["outputs"], answer["InvokedProductionVariant"]) == ([6], "primary")
    events = captured(endpoints, prefix, 2)
    by_variant = {key.split("/")[2]: (key, event) for key, event in events}
    assert set(by_variant) == {"primary", "shadow"}
    answers = {
        name: json.loads(event["captureData"]["endpointOutput"]["data"]) for name, (_, event) in by_variant.items()
    }
    assert (answers["primary"]["outputs"], answers["shadow"]["outputs"]) == ([6], [21])
    key, event = by_variant["primary"]
    assert key.startswith(f"{prefix}/{name}/primary/20")
    assert key.endswith(".jsonl")
    assert len(key.split("/")) == 8
    assert event["captureData"]["endpointInput"] == {
        "observedContentType": "application/json",
        "mode": "INPUT",
        "data": '{"inputs": [3]}',
        "encoding": "JSON",
    }
    assert set(event["eventMetadata"]) == {"eventId", "inferenceTime"}
    assert event["eventVersion"] == "0"


def test_the_request_names_one_of_many_models(endpoints: Endpoints, seen: Any) -> None:
    prefix = unique("many")
    for name, factor in (("double", 2), ("triple", 3)):
        files = {"weights.json": json.dumps({"factor": factor}), "code/inference.py": SERVE}
        endpoints.s3.put_object(Bucket=endpoints.bucket, Key=f"{prefix}/{name}.tar.gz", Body=tarred(files))
    model = unique("model")
    url = f"s3://{endpoints.bucket}/{prefix}/"
    container = {"Image": "sklearn", "ModelDataUrl": url, "Mode": "MultiModel"}
    endpoints.client.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    name = in_service(endpoints, [on_instances(model)])
    assert seen(kind="endpoint", resource=name) == []
    answers = {target: _one_of(endpoints, name, TargetModel=f"{target}.tar.gz") for target in ("double", "triple")}
    assert answers == {"double": [8], "triple": [12]}
    assert refused(_one_of, endpoints, name) == (
        "ValidationError",
        "This is a multi-model endpoint: the request must name a model in TargetModel.",
    )
    code, message = refused(_one_of, endpoints, name, TargetModel="none.tar.gz")
    assert code == "ValidationError"
    assert "Failed to download model data" in message
    assert [each["status"] for each in seen(kind="endpoint", resource=name)].count("running") == 2


def _one_of(endpoints: Endpoints, name: str, **options: str) -> Any:
    body = json.dumps({"inputs": [4]})
    answer = endpoints.runtime.invoke_endpoint(EndpointName=name, ContentType="application/json", Body=body, **options)
    return json.loads(answer["Body"].read())["outputs"]


@pytest.mark.parametrize("mode", ["Serial", "Direct"])
def test_several_containers_follow_each_other_or_are_named(endpoints: Endpoints, mode: str) -> None:
    containers = []
    for hostname, script in (("first", SERVE), ("second", ADD)):
        described = endpoints.client.describe_model(ModelName=endpoints.model(2, script=script))
        containers.append({**described["PrimaryContainer"], "ContainerHostname": hostname})
    model = unique("model")
    endpoints.client.create_model(
        ModelName=model, ExecutionRoleArn=ROLE, Containers=containers, InferenceExecutionConfig={"Mode": mode}
    )
    name = in_service(endpoints, [on_instances(model)])
    if mode == "Serial":
        body, _ = endpoints.ask(name, 1)
        assert body == {"inputs": [102]}
    else:
        assert _one_of(endpoints, name, TargetContainerHostname="first") == [8]
        code, message = refused(endpoints.ask, name, 1)
        assert (code, message) == (
            "ValidationError",
            "TargetContainerHostname must be one of first, second, received None.",
        )
