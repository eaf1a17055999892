"""Endpoints serve their model archive, or fail with the reason."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import ROLE, tarred, unique, wait_for

pytestmark = pytest.mark.emulator

SERVE = """
import json, os, time
def model_fn(model_dir):
    with open(os.path.join(model_dir, "weights.json")) as stream:
        return json.load(stream)
def input_fn(body, content_type):
    assert content_type == "application/json", content_type
    return json.loads(body)
def predict_fn(data, model):
    if data.get("sleep"): time.sleep(data["sleep"])
    outputs = [value * model["factor"] for value in data["inputs"]]
    return {"outputs": outputs, "pid": os.getpid(), "env": os.environ.get("EXTRA")}
def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
"""


class Endpoints:
    def __init__(self, aws: Any, bucket: str) -> None:
        self.client, self.runtime, self.s3, self.bucket = aws("sagemaker"), aws("sagemaker-runtime"), aws("s3"), bucket

    def model(self, factor: int = 2, *, script: str = SERVE, **environment: str) -> str:
        name = unique("model")
        files = {"weights.json": json.dumps({"factor": factor}), "code/inference.py": script}
        self.s3.put_object(Bucket=self.bucket, Key=f"models/{name}.tar.gz", Body=tarred(files))
        self.client.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": "sklearn",
                "ModelDataUrl": f"s3://{self.bucket}/models/{name}.tar.gz",
                "Environment": environment,
            },
        )
        return name

    def config(self, **weights_by_model: float) -> str:
        name = unique("config")
        self.client.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": f"v{index}",
                    "ModelName": model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": weight,
                }
                for index, (model, weight) in enumerate(weights_by_model.items())
            ],
        )
        return name

    def create(self, config: str) -> str:
        name = unique("endpoint")
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return name

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.client.describe_endpoint(EndpointName=name))

    def settled(self, name: str) -> dict[str, Any]:
        moving = ("Creating", "Updating")
        return dict(
            wait_for(lambda: self.describe(name), until=lambda endpoint: endpoint["EndpointStatus"] not in moving)
        )

    def serve(self, model: str) -> str:
        name = self.create(self.config(**{model: 1}))
        assert self.describe(name)["EndpointStatus"] in ("Creating", "InService")
        endpoint = self.settled(name)
        assert endpoint["EndpointStatus"] == "InService", endpoint
        return name

    def ask(self, name: str, *inputs: int, **more: Any) -> tuple[Any, dict[str, Any]]:
        options = {key: more.pop(key) for key in ("TargetVariant",) if key in more}
        answer = self.runtime.invoke_endpoint(
            EndpointName=name,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps({"inputs": inputs, **more}),
            **options,
        )
        return json.loads(answer["Body"].read()), answer


@pytest.fixture
def endpoints(aws: Any, bucket: str) -> Endpoints:
    return Endpoints(aws, bucket)


def test_answers_come_from_the_archive(endpoints: Endpoints, seen: Any) -> None:
    name = endpoints.serve(endpoints.model(3, EXTRA="yes"))
    body, answer = endpoints.ask(name, 1, 2)
    assert body["outputs"] == [3, 6]
    assert body["env"] == "yes"
    assert answer["InvokedProductionVariant"] == "v0"
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "executed"
    [record] = seen(kind="endpoint", resource=name)
    assert (record["id"], record["pid"], record["status"]) == (headers["x-emulator-evidence"], body["pid"], "running")


def test_warm_calls_are_answered_by_the_process_that_is_there(endpoints: Endpoints, seen: Any) -> None:
    name = endpoints.serve(endpoints.model())
    assert len({endpoints.ask(name, 1)[0]["pid"] for _ in range(10)}) == 1
    assert len(seen(kind="endpoint", resource=name)) == 1


def test_weights_decide_and_a_variant_can_be_named(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.config(**{endpoints.model(1): 1, endpoints.model(10): 0}))
    endpoints.settled(name)
    assert {endpoints.ask(name, 1)[1]["InvokedProductionVariant"] for _ in range(10)} == {"v0"}
    body, answer = endpoints.ask(name, 1, TargetVariant="v1")
    assert (body["outputs"], answer["InvokedProductionVariant"]) == ([10], "v1")
    endpoints.client.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "v0", "DesiredWeight": 0},
            {"VariantName": "v1", "DesiredWeight": 1},
        ],
    )
    assert {endpoints.ask(name, 1)[1]["InvokedProductionVariant"] for _ in range(10)} == {"v1"}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("def model_fn(d): raise OSError('weights are cut off')", "OSError: weights are cut off"),
        ("x = 1", "has no model_fn"),
        ("import os; os._exit(4)", "exit code 4"),
    ],
)
def test_a_model_that_does_not_load_fails_the_endpoint(
    endpoints: Endpoints, seen: Any, script: str, reason: str
) -> None:
    name = endpoints.create(endpoints.config(**{endpoints.model(script=script): 1}))
    endpoint = endpoints.settled(name)
    assert endpoint["EndpointStatus"] == "Failed"
    assert reason in endpoint["FailureReason"]
    assert seen(kind="endpoint", resource=name)[0]["status"] == "failed"
    with pytest.raises(ClientError) as error:
        endpoints.ask(name, 1)
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_a_missing_archive_fails_the_endpoint(endpoints: Endpoints) -> None:
    model = endpoints.model()
    endpoints.s3.delete_object(Bucket=endpoints.bucket, Key=f"models/{model}.tar.gz")
    endpoint = endpoints.settled(endpoints.create(endpoints.config(**{model: 1})))
    assert endpoint["EndpointStatus"] == "Failed"
    assert "Failed to download model data" in endpoint["FailureReason"]


def test_errors_of_the_model_and_of_the_caller(endpoints: Endpoints) -> None:
    name = endpoints.serve(endpoints.model())
    with pytest.raises(ClientError) as error:
        endpoints.runtime.invoke_endpoint(EndpointName=name, ContentType="application/json", Body=b"{}")
    response: Mapping[str, Any] = error.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert (response["OriginalStatusCode"], response["OriginalMessage"]) == (500, "KeyError: 'inputs'")
    with pytest.raises(ClientError) as error:
        endpoints.ask("no-such-endpoint", 1)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert "Endpoint no-such-endpoint of account 123456789012 not found" in str(error.value)
    assert endpoints.ask(name, 1)[0]["outputs"] == [2]


def test_killing_the_server_is_an_error_and_fails_the_endpoint(endpoints: Endpoints, seen: Any) -> None:
    name = endpoints.serve(endpoints.model())
    os.kill(seen(kind="endpoint", resource=name)[0]["pid"], signal.SIGKILL)
    with pytest.raises(ClientError) as error:
        endpoints.ask(name, 1)
    assert error.value.response["Error"]["Code"] == "ModelError"
    endpoint = wait_for(lambda: endpoints.describe(name), until=lambda result: result["EndpointStatus"] == "Failed")
    assert "killed by signal 9" in endpoint["FailureReason"]
    [record] = seen(kind="endpoint", resource=name)
    assert (record["status"], record["exit_code"]) == ("failed", -9)


def test_an_update_changes_servers_and_a_bad_one_is_rolled_back(endpoints: Endpoints) -> None:
    first = endpoints.config(**{endpoints.model(2): 1})
    name = endpoints.create(first)
    endpoints.settled(name)
    second = endpoints.config(**{endpoints.model(5): 1})
    endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=second)
    assert endpoints.settled(name)["EndpointConfigName"] == second
    assert endpoints.ask(name, 1)[0]["outputs"] == [5]
    broken = endpoints.config(**{endpoints.model(script="x = 1"): 1})
    endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=broken)
    endpoint = endpoints.settled(name)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", second)
    assert "has no model_fn" in endpoint["FailureReason"]
    assert endpoints.ask(name, 1)[0]["outputs"] == [5]


def test_a_request_under_way_is_answered_by_the_old_server(endpoints: Endpoints) -> None:
    name = endpoints.serve(endpoints.model(2))
    second = endpoints.config(**{endpoints.model(5): 1})
    answers = []
    slow = threading.Thread(target=lambda: answers.append(endpoints.ask(name, 1, sleep=4)[0]["outputs"]))
    slow.start()
    endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=second)
    endpoint = endpoints.settled(name)
    slow.join()
    assert (endpoint["EndpointConfigName"], answers) == (second, [[2]])


def test_a_list_is_filtered_by_name(endpoints: Endpoints) -> None:
    models = [endpoints.model() for _ in range(2)]
    listed = endpoints.client.list_models(NameContains=models[0])["Models"]
    assert [model["ModelName"] for model in listed] == models[:1]


def test_deleting_ends_the_process(endpoints: Endpoints, seen: Any) -> None:
    name = endpoints.serve(endpoints.model())
    pid = seen(kind="endpoint", resource=name)[0]["pid"]
    endpoints.client.delete_endpoint(EndpointName=name)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert seen(kind="endpoint", resource=name)[0]["status"] == "succeeded"


def test_code_beside_the_model(endpoints: Endpoints) -> None:
    """Without network isolation the code may be in a separate archive."""
    source = f"code/{unique('serve')}.tar.gz"
    endpoints.s3.put_object(Bucket=endpoints.bucket, Key=source, Body=tarred({"serve.py": SERVE}))
    model = endpoints.model(
        7,
        script="raise RuntimeError('not this one')",
        SAGEMAKER_PROGRAM="serve.py",
        SAGEMAKER_SUBMIT_DIRECTORY=f"s3://{endpoints.bucket}/{source}",
    )
    assert endpoints.ask(endpoints.serve(model), 1)[0]["outputs"] == [7]


def test_garbage_is_collected_rarely_while_a_model_loads_and_as_usual_afterwards(endpoints: Endpoints) -> None:
    script = (
        "import gc\n"
        "def model_fn(model_dir): return gc.get_threshold()[0]\n"
        "def predict_fn(data, model): return [gc.isenabled(), model, gc.get_threshold()[0]]\n"
    )
    enabled, loading, serving = endpoints.ask(endpoints.serve(endpoints.model(script=script)))[0]
    assert enabled
    assert 0 < serving < 10_000 < loading


def test_an_endpoint_without_a_queue_takes_no_asynchronous_requests(endpoints: Endpoints) -> None:
    name = endpoints.serve(endpoints.model())
    with pytest.raises(ClientError) as error:
        endpoints.runtime.invoke_endpoint_async(EndpointName=name, InputLocation="s3://x/y")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert "not configured for asynchronous inference" in str(error.value)
