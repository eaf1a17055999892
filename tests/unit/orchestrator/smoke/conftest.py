"""The cloud that every probe's test asks: a fake with an endpoint, a Bedrock model, an API and parameters."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator import smoke
from orchestrator.config.model.platform import Blueprint
from orchestrator.core.types import Json
from orchestrator.smoke.model import ProbeResult
from tests.fakes.aws import FakeCloud
from tests.fakes.keys import gateway_of_keys, published

REPO = Path(__file__).resolve().parents[4]
KEY = "the-secret-key-value"
SMOKE_KEY = "the-key-of-the-smoke-tests"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
RELEASES, LIVE = "/mlops/local/releases", "/mlops/local/models/reviews/live"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-local-reviews/{}"
RUNNING = "mlops-local-reviews-1a2b3c4d-v3"
OUTPUTS: dict[str, Json] = {
    "inference": {"api": {"rest_api_id": "abc123", "stage_name": "v1", "keys": published("default", "smoke")}},
    "blueprint-reviews": {
        "endpoint_name": "mlops-local-reviews",
        "release_parameter_name": f"{RELEASES}/specs/reviews",
    },
    "blueprint-chat": {"inference_profile_arn": PROFILE},
}
REVIEWS = {
    "name": "reviews",
    "kind": "realtime",
    "model": {"source": "sagemaker", "group": "reviews"},
    "smoke": {"golden": [{"input": "I love it.", "label": "positive"}, {"input": "Awful.", "label": "negative"}]},
}
CHAT = {
    "name": "chat",
    "kind": "realtime",
    "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
    "parameters": {"max_tokens": 64, "temperature": 0.2, "top_k": 5},
    "smoke": {"golden": [{"input": "Say hello.", "contains": "Hello"}]},
}
EXECUTED = {"x-emulator-fidelity": "executed"}
STAND_IN = {"x-emulator-fidelity": "executed", "x-fidelity": "stand-in"}
THROTTLED: tuple[int, dict[str, str], Json] = (
    429,
    {"x-emulator-fidelity": "emulated", "retry-after": "1"},
    {"request_id": "q", "error": {"type": "Throttled", "message": "Too Many Requests"}},
)
COLD = (503, {"retry-after": "3"}, {"error": {"type": "NotReady", "message": "cold"}})


def sentiment(text: str) -> Json:
    return {"label": "negative" if "Awful" in text else "positive", "score": 0.9}


def endpoint_answer(**asked: Any) -> Json:
    outputs = [sentiment(text) for text in json.loads(asked["Body"])["inputs"]]
    body = {"outputs": outputs, "model": {"training_job": "j", "seed": "42"}}
    return {"Body": io.BytesIO(json.dumps(body).encode()), "ResponseMetadata": {"HTTPHeaders": EXECUTED}}


def converse_answer(text: str = "Hello there.", tokens: int = 3) -> Json:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 2, "outputTokens": tokens},
        "ResponseMetadata": {"HTTPHeaders": {"x-emulator-fidelity": "stand-in"}},
    }


def web_answer(**asked: Any) -> tuple[int, dict[str, str], Json]:
    """An API in the shape of the published one."""
    error: Json = {"request_id": "q", "error": {"type": "Unauthorized", "message": "Unauthorized"}}
    if asked["url"].endswith("/v1/models") and asked["headers"].get("x-api-key") == SMOKE_KEY:
        return THROTTLED
    if asked["headers"].get("x-api-key") != KEY:
        return 401, {"x-emulator-fidelity": "emulated"}, error
    if asked["url"].endswith("/v1/models"):
        return 200, {}, {"object": "list", "data": []}
    document = json.loads(asked["body"])
    if asked["url"].endswith("/v1/chat/completions"):
        wrong = {"message": "'temperature' must be a number from 0 to 2", "type": "invalid_request_error"}
        return 400, {"x-emulator-fidelity": "emulated"}, {"error": {**wrong, "param": "temperature", "code": None}}
    inputs = document["inputs"]
    if not inputs:
        return (
            400,
            {"x-emulator-fidelity": "emulated"},
            error | {"error": {"type": "BadRequest", "message": "no inputs"}},
        )
    name = asked["url"].rpartition("/")[2]
    source = "sagemaker" if name == "reviews" else "bedrock"
    outputs = [sentiment(text) if source == "sagemaker" else {"text": "Well, hello."} for text in inputs]
    headers = {"x-request-id": "q", "x-route-decision": "primary", **(EXECUTED if name == "reviews" else STAND_IN)}
    return 200, headers, {
        "request_id": "q",
        "blueprint": name,
        "source": source,
        "model": "m",
        "outputs": outputs,
    }  # fmt: skip


def parameters(**changes: Json | None) -> Any:
    """SSM with the specification, the live version and perhaps the record of a release."""
    values: dict[str, Json | None] = {
        "specs": {"endpoint_name": "mlops-local-reviews", "hash": "1a2b3c4d", "live_parameter_name": LIVE},
        "live": {"model_package_arn": VERSION.format(3)},
        "records": None,
        **changes,
    }

    def answer(Name: str) -> Json:
        value = values["live" if Name == LIVE else Name.split("/")[-2]]
        if value is None:
            raise refuse("ParameterNotFound", Name)
        return {"Parameter": {"Value": json.dumps(value)}}

    return {"get_parameter": answer}


@pytest.fixture
def cloud() -> FakeCloud:
    config = {"EndpointStatus": "InService", "EndpointConfigName": RUNNING}
    return FakeCloud(
        services={
            "apigateway": gateway_of_keys(default=KEY, smoke=SMOKE_KEY),
            "sagemaker-runtime": {"invoke_endpoint": endpoint_answer},
            "sagemaker": {"describe_endpoint": {**config, "ResponseMetadata": {"HTTPHeaders": EXECUTED}}},
            "bedrock-runtime": {"converse": converse_answer()},
            "ssm": parameters(),
        },
        web=[web_answer],
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr("orchestrator.smoke.base.sleep", taken.append)
    return taken


def probe(
    cloud: FakeCloud, *blueprints: Json, outputs: dict[str, Json] | None = None, on_event: Any = None
) -> dict[tuple[str, str], ProbeResult]:
    return {
        (result.blueprint, result.probe): result
        for each in blueprints or (REVIEWS, CHAT)
        for result in smoke.run(
            cloud,
            Blueprint.model_validate(each),
            outputs or OUTPUTS,
            repo=REPO,
            on_event=on_event or (lambda event: None),
        )
    }


def only(cloud: FakeCloud, name: str) -> ProbeResult:
    return probe(cloud, REVIEWS)["reviews", name]


def refuse(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def with_golden(blueprint: Json, *cases: Json, **smoke_settings: Any) -> Json:
    return {**blueprint, "smoke": {"golden": list(cases), **smoke_settings}}


def in_turn(*first: tuple[int, dict[str, str], Json], then: Callable[..., Any]) -> Callable[..., Any]:
    answers = list(first)

    def answer(**asked: Any) -> Any:
        return answers.pop(0) if answers else then(**asked)

    return answer
