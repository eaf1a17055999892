"""The deployed router under faults: every caller gets a right answer or a clear error.

Callers come eight at a time. Faults name this file's own models, endpoint and parameters, so no other test is hit.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.packaging import SourcePackager
from tests.support.compute import ROLE, evidence, tarred, unique, wait_for
from tests.support.faults import fault

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).resolve().parents[3]
CALLERS = 8
DEADLINE_SECONDS, FUNCTION_SECONDS = 10, 16
"""The router has to answer by the first; Lambda would end it at the second, and the caller would see that."""
STEADY = {"failures": 1000, "seconds": 1}
"""A cooldown that never opens: the test counts what retries alone do."""
SERVE = """
import json
def model_fn(model_dir): return None
def input_fn(body, content_type): return json.loads(body)
def predict_fn(data, model): return [{"label": "positive", "score": 1.0, "of": text[:40]} for text in data["inputs"]]
def output_fn(outputs, accept):
    return json.dumps({"outputs": outputs, "model": {"name": "echo", "version": "1"}}), "application/json"
"""


@dataclass(frozen=True)
class Answer:
    """One answer to one caller."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    right: bool
    """Whether it is the answer to this caller's request."""

    @property
    def error(self) -> str:
        return str(self.body.get("error", {}).get("type", ""))


class Platform:
    """A router with its own prefix, models to route to, and callers."""

    def __init__(self, aws: Any, endpoint: str, prefix: str, function: str, server: str) -> None:
        self.endpoint, self._aws, self._prefix, self._function = endpoint, aws, prefix, function
        self.server = server

    def model(self, base: str = "amazon.nova-lite-v1:0") -> str:
        """Return a Bedrock model that no other test calls."""
        made = self._aws("bedrock").create_inference_profile(
            inferenceProfileName=unique("profile"),
            modelSource={"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{base}"},
        )
        return str(made["inferenceProfileArn"])

    def route(self, *targets: dict[str, Any], **more: Any) -> str:
        """Make a blueprint with these targets; the first gets every request, the others are fallbacks."""
        name = unique("bp")
        named = [{"name": ("first", "spare")[i], "weight": 1 - i, **target} for i, target in enumerate(targets)]
        record = {"blueprint": name, "kind": "realtime", "source": "bedrock", "targets": named, **more}
        self._aws("ssm").put_parameter(Name=self.parameter(name), Value=json.dumps(record), Type="String")
        return name

    def parameter(self, blueprint: str) -> str:
        return f"{self._prefix}/{blueprint}"

    def ask(self, blueprint: str, texts: list[str], marker: str) -> Answer:
        path = {"resource": "/realtime/{blueprint}", "pathParameters": {"blueprint": blueprint}}
        status, headers, body = self.post(path, {"inputs": texts, "parameters": {}})
        return Answer(status, headers, body, marker in json.dumps(body.get("outputs", "")))

    def post(self, path: dict[str, Any], document: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
        event = {
            **path,
            "httpMethod": "POST",
            "headers": {"Content-Type": "application/json"},
            "requestContext": {"requestId": unique("q")},
            "body": json.dumps(document, ensure_ascii=False),
        }
        answer = self._aws("lambda").invoke(
            FunctionName=self._function, Payload=json.dumps(event, ensure_ascii=False).encode()
        )
        response = json.loads(answer["Payload"].read())
        # A router that overruns its deadline is ended by Lambda, and shows here.
        assert "FunctionError" not in answer, response
        return response["statusCode"], response["headers"], json.loads(response["body"])

    def storm(self, blueprint: str, requests: int) -> list[Answer]:
        """Send so many requests, each with its own question."""
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(
                pool.map(
                    lambda n: self.ask(blueprint, [f"What of item-{n}-x, great item-{n}-x?"], f"item-{n}-x"),
                    range(requests),
                )
            )
        for each in answers:
            # The one guarantee for all of them.
            assert each.right if each.status == 200 else (each.error and each.body["error"]["message"]), each
            assert each.headers["x-request-id"] == each.body["request_id"]
        return answers

    def calls(self, address: str) -> list[dict[str, Any]]:
        return evidence(self.endpoint, kind="bedrock", resource=address)


def bedrock(address: str, **more: Any) -> dict[str, Any]:
    return {"source": "bedrock", "model_id": address, "base_model_id": "amazon.nova-lite-v1:0", **more}


def statuses(answers: list[Answer]) -> dict[tuple[int, str], int]:
    return dict(Counter((each.status, each.error) for each in answers))


@pytest.fixture(scope="module")
def server(aws: Any, bucket: str) -> str:
    """A SageMaker endpoint in the platform's own format."""
    sagemaker, name = aws("sagemaker"), unique("router-spare")
    aws("s3").put_object(Bucket=bucket, Key=f"{name}.tar.gz", Body=tarred({"code/inference.py": SERVE, "w": "1"}))
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


@pytest.fixture(scope="module")
def platform(aws: Any, emulator: Any, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    package = SourcePackager(ROOT).build(tmp_path_factory.mktemp("packages"))["model_router"]
    function, prefix = unique("router"), f"/{unique('faults')}/test/routes"
    limits = {"API_LIMIT_SECONDS": str(DEADLINE_SECONDS), "ROUTE_CACHE_SECONDS": "3600"}
    aws("lambda").create_function(
        FunctionName=function,
        Runtime="python3.12",
        Role=ROLE,
        Handler="model_router.handler.handler",
        Timeout=FUNCTION_SECONDS,
        Code={"ZipFile": package.path.read_bytes()},
        Environment={"Variables": {"ROUTES_PREFIX": prefix, **limits}},
    )
    yield Platform(aws, emulator.endpoint, prefix, function, server)
    aws("lambda").delete_function(FunctionName=function)


@pytest.fixture
def armed(platform: Platform) -> Callable[..., Any]:
    """`armed(kind, service, **options)`: a fault of the emulator that the platform of this file is on."""
    return lambda kind, service, **options: fault(platform.endpoint, kind, service, **options)


@pytest.mark.full
def test_a_throttling_storm_ends_in_answers_and_429_and_retries_stay_bounded(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model), cooldown=STEADY, retry={"base_seconds": 0.01, "max_seconds": 0.02})
    with armed("throttle", "bedrock", action="Converse", resource=model, share=0.7) as storm:
        answers = platform.storm(blueprint, 200)
        seen, fired = storm.now["seen"], storm.fired
    ended = statuses(answers)
    assert set(ended) == {(200, ""), (429, "Throttled")}
    assert sum(ended.values()) == 200
    assert {each.headers.get("retry-after") for each in answers if each.status == 429} == {"1"}
    # Two retries at most; every call is an answer or a fault, and no answer was paid for twice.
    assert 200 < seen <= 600
    assert seen - fired == ended[200, ""] == len(platform.calls(model))


def test_a_request_that_is_throttled_everywhere_but_once_is_answered_there(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model), {"source": "sagemaker", "endpoint_name": platform.server})
    with armed("throttle", "bedrock", resource=model) as storm:
        answers = platform.storm(blueprint, 100)
        fired = storm.fired
    assert statuses(answers) == {(200, ""): 100}
    decisions = Counter(each.headers["x-route-decision"] for each in answers)
    assert set(decisions) <= {"spare; after=first:Throttled", "spare"}
    # Three failures in a row, in each of at most eight environments; then the model is skipped.
    assert decisions["spare; after=first:Throttled"] == fired <= 3 * CALLERS
    assert platform.calls(model) == []


def test_a_model_that_drops_connections_is_replaced_by_an_endpoint(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model), {"source": "sagemaker", "endpoint_name": platform.server})
    with armed("drop-connection", "bedrock", resource=model) as outage:
        answers = platform.storm(blueprint, 64)
        fired = outage.fired
    assert statuses(answers) == {(200, ""): 64}
    assert {each.body["source"] for each in answers} == {"sagemaker"}
    assert 3 <= fired <= 3 * CALLERS


def test_an_endpoint_that_drops_connections_is_replaced_by_a_model(platform: Platform, armed: Any) -> None:
    model = platform.model()
    first = {"source": "sagemaker", "endpoint_name": platform.server}
    blueprint = platform.route(first, bedrock(model), cooldown=STEADY)
    with armed("drop-connection", "sagemaker", action="InvokeEndpoint", resource=platform.server) as outage:
        answers = platform.storm(blueprint, 64)
        assert outage.fired == 64
    assert statuses(answers) == {(200, ""): 64}
    assert {each.headers["x-route-decision"] for each in answers} == {"spare; after=first:Unavailable"}
    back = platform.storm(blueprint, 8)
    assert {each.headers["x-route-decision"] for each in back} == {"first"}


def test_a_blueprint_replaces_another_one_whose_endpoint_fails(platform: Platform, armed: Any) -> None:
    model = platform.model()
    spare = platform.route(bedrock(model))
    own = {"source": "sagemaker", "endpoint_name": platform.server, "name": "primary"}
    blueprint = platform.route(own, {"name": spare, "blueprint": spare}, cooldown=STEADY)
    with armed("drop-connection", "sagemaker", action="InvokeEndpoint", resource=platform.server) as outage:
        answers = platform.storm(blueprint, 32)
        assert outage.fired == 32
    assert statuses(answers) == {(200, ""): 32}
    assert {each.headers["x-route-decision"] for each in answers} == {f"{spare}; after=primary:Unavailable"}
    assert {(each.body["blueprint"], each.body["source"]) for each in answers} == {(blueprint, "bedrock")}
    assert len(platform.calls(model)) == 32
    back = platform.storm(blueprint, 8)
    assert {each.headers["x-route-decision"] for each in back} == {"primary"}


def test_a_blueprint_that_is_not_deployed_is_skipped_and_reported(platform: Platform) -> None:
    own = {"source": "sagemaker", "endpoint_name": platform.server, "name": "primary"}
    blueprint = platform.route(own, {"name": "nowhere", "blueprint": "nowhere"})
    answers = platform.storm(blueprint, 16)
    assert statuses(answers) == {(200, ""): 16}
    assert {each.headers["x-route-decision"] for each in answers} == {"primary; skipped=nowhere:UnknownBlueprint"}


def test_without_any_target_the_error_has_a_retry_after(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model), cooldown=STEADY, retry={"base_seconds": 0.01})
    with armed("drop-connection", "bedrock", resource=model):
        answers = platform.storm(blueprint, 16)
    assert statuses(answers) == {(503, "Unavailable"): 16}
    assert {each.headers["retry-after"] for each in answers} == {"1"}


def test_a_slow_model_is_given_its_time_and_then_another_answers(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(
        bedrock(model, timeout_seconds=0.5), {"source": "sagemaker", "endpoint_name": platform.server}
    )
    with armed("slow", "bedrock", resource=model, delay_seconds=3):
        answers = platform.storm(blueprint, 40)
    assert statuses(answers) == {(200, ""): 40}
    assert "spare; after=first:DeadlineExceeded" in {each.headers["x-route-decision"] for each in answers}


def test_a_slow_model_without_a_spare_is_a_timeout_in_time(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model, timeout_seconds=0.5), cooldown=STEADY)
    with armed("slow", "bedrock", resource=model, delay_seconds=3):
        answers = platform.storm(blueprint, 8)
    assert statuses(answers) == {(504, "DeadlineExceeded"): 8}


@pytest.mark.parametrize("source", ["bedrock", "sagemaker"])
def test_a_malformed_answer_is_an_error_and_no_call_is_paid_twice(platform: Platform, armed: Any, source: str) -> None:
    model = platform.model()
    if source == "bedrock":
        first, spare = bedrock(model), {"source": "sagemaker", "endpoint_name": platform.server}
        broken = {"resource": model}
    else:
        first, spare = {"source": "sagemaker", "endpoint_name": platform.server}, bedrock(model)
        broken = {"resource": platform.server}
    blueprint = platform.route(first, spare)
    with armed("malformed", source, every=2, **broken) as garbled:
        answers = platform.storm(blueprint, 40)
        assert (garbled.now["seen"], garbled.fired) == (40, 20)
    assert statuses(answers) == {(200, ""): 20, (424, "MalformedAnswer"): 20}
    assert {each.body["source"] for each in answers if each.status == 200} == {source}


def test_a_payload_that_grows_too_large_is_refused_before_it_is_sent(platform: Platform, armed: Any) -> None:
    blueprint = platform.route({"source": "sagemaker", "endpoint_name": platform.server})
    texts = ["é" * 20_000] * 100
    with armed("slow", "sagemaker", resource=platform.server, delay_seconds=0.01) as counting:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: platform.ask(blueprint, texts, "é"), range(4)))
        assert counting.now["seen"] == 0
    assert statuses(answers) == {(413, "PayloadTooLarge"): 4}
    assert "send fewer inputs" in answers[0].body["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "status", "error"), [("quota-zero", 429, "Throttled"), ("access-denied", 500, "InternalError")]
)
def test_a_defect_of_the_account_is_reported_without_details(
    platform: Platform, armed: Any, kind: str, status: int, error: str
) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model), cooldown=STEADY, retry={"base_seconds": 0.01})
    with armed(kind, "bedrock", resource=model):
        answers = platform.storm(blueprint, 8)
    assert statuses(answers) == {(status, error): 8}
    assert all(model not in json.dumps(each.body) for each in answers)


def test_only_the_throttled_inputs_are_retried(platform: Platform, armed: Any) -> None:
    model = platform.model()
    blueprint = platform.route(bedrock(model), cooldown=STEADY, retry={"base_seconds": 0.01})
    texts = [f"What of item-{n}-x, great item-{n}-x?" for n in range(12)]
    with armed("throttle", "bedrock", resource=model, every=6) as some:
        answer = platform.ask(blueprint, texts, "item-0-x")
        fired = some.fired
    assert (answer.status, len(answer.body["outputs"])) == (200, 12)
    assert all(f"item-{n}-x" in output["text"] for n, output in enumerate(answer.body["outputs"]))
    assert fired >= 2
    assert len(platform.calls(model)) == 12


@pytest.mark.parametrize("base", ["amazon.titan-embed-text-v2:0", "cohere.embed-english-v3"])
def test_embeddings_come_in_order_though_some_calls_are_throttled(platform: Platform, armed: Any, base: str) -> None:
    model = platform.model(base)
    target = {"source": "bedrock", "model_id": model, "base_model_id": base}
    blueprint = platform.route(target, cooldown=STEADY, retry={"base_seconds": 0.01, "retries": 4})
    path = {"resource": "/v1/embeddings"}
    texts = ["a camera with a lens", "saffron rice", "a camera with a good lens"]
    with armed("throttle", "bedrock", action="InvokeModel", resource=model, count=2) as some:
        status, _, body = platform.post(path, {"model": blueprint, "input": texts})
        assert some.fired == 2
    assert status == 200, body
    first, other, alike = ([*each["embedding"]] for each in body["data"])
    near, far = (sum(a * b for a, b in zip(first, vector, strict=True)) for vector in (alike, other))
    assert near > 0.5 > far + 0.3
    assert body["usage"]["prompt_tokens"] == 13


def test_an_unavailable_guardrail_admits_nothing(platform: Platform, armed: Any, aws: Any) -> None:
    model = platform.model()
    guardrail = aws("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="input blocked",
        blockedOutputsMessaging="output blocked",
        wordPolicyConfig={"wordsConfig": [{"text": "zanzibar"}]},
    )["guardrailId"]
    named = {"id": guardrail, "version": "DRAFT"}
    blueprint = platform.route(bedrock(model), guardrail=named, retry={"base_seconds": 0.01})
    with armed("throttle", "bedrock", action="ApplyGuardrail", resource=guardrail):
        assert statuses(platform.storm(blueprint, 8)) == {(429, "Throttled"): 8}
    assert platform.calls(model) == []
    assert statuses(platform.storm(blueprint, 8)) == {(200, ""): 8}
    blocked = platform.ask(blueprint, ["Tell me of Zanzibar."], "never")
    assert (blocked.status, blocked.error, blocked.body["error"]["message"]) == (
        422,
        "GuardrailBlocked",
        "input blocked",
    )


def test_a_transient_failure_of_the_route_store_is_reported(platform: Platform, armed: Any) -> None:
    blueprint = platform.route(bedrock(platform.model()))
    with armed("throttle", "ssm", action="GetParameter", resource=platform.parameter(blueprint)):
        assert statuses(platform.storm(blueprint, 8)) == {(429, "Throttled"): 8}
    assert statuses(platform.storm(blueprint, 8)) == {(200, ""): 8}
