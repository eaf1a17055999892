"""Every probe: what it accepts, what turns it red, and what it says then."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from orchestrator import smoke
from orchestrator.config.models import Blueprint, Environment, Platform
from orchestrator.errors import PlatformError
from orchestrator.tools.interfaces import Json, ProbeResult
from tests.fakes.aws import FakeCloud

KEY = "the-secret-key-value"
SMOKE_KEY = "the-key-of-the-smoke-tests"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
RELEASES, LIVE = "/mlops/local/releases", "/mlops/local/models/reviews/live"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-local-reviews/{}"
RUNNING = "mlops-local-reviews-1a2b3c4d-v3"
OUTPUTS: dict[str, Json] = {
    "inference": {
        "api": {"rest_api_id": "abc123", "stage_name": "v1", "api_key_ids": {"default": "key1", "smoke": "key2"}}
    },
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


THROTTLED: tuple[int, dict[str, str], Json] = (
    429,
    {"x-emulator-fidelity": "emulated", "retry-after": "1"},
    {"request_id": "q", "error": {"type": "Throttled", "message": "Too Many Requests"}},
)


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
            "apigateway": {"get_api_key": lambda **asked: {"value": {"key1": KEY, "key2": SMOKE_KEY}[asked["apiKey"]]}},
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
    environment = Environment(
        name="local",
        platform=Platform(),
        blueprints=tuple(Blueprint.model_validate(each) for each in blueprints or (REVIEWS, CHAT)),
    )
    results = smoke.run(cloud, environment, outputs or OUTPUTS, on_event=on_event or (lambda event: None))
    return {(result.blueprint, result.probe): result for result in results}


def refuse(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def test_all_green(cloud: FakeCloud) -> None:
    told: list[Json] = []
    results = probe(cloud, on_event=told.append)
    assert {key: (result.status, result.fidelity, result.detail) for key, result in results.items()} == {
        ("reviews", "endpoint-config"): ("ok", "executed", RUNNING),
        ("reviews", "endpoint-direct"): ("ok", "executed", "positive 0.90, negative 0.90"),
        ("reviews", "api"): ("ok", "executed", "positive 0.90, negative 0.90"),
        ("reviews", "api-no-key"): ("ok", "emulated", "401"),
        ("reviews", "api-bad-request"): ("ok", "emulated", "400 BadRequest, 400 temperature"),
        ("reviews", "api-throttled"): ("ok", "emulated", "429 at request 1"),
        ("chat", "bedrock-direct"): ("ok", "stand-in", "12 characters"),
        ("chat", "api"): ("ok", "stand-in", "12 characters"),
        ("chat", "api-no-key"): ("ok", "emulated", "401"),
        ("chat", "api-bad-request"): ("ok", "emulated", "400 BadRequest, 400 temperature"),
        ("chat", "api-throttled"): ("ok", "emulated", "429 at request 1"),
    }
    assert {result.method for result in results.values()} == {"realtime"}
    assert results["chat", "api"].source == "bedrock"
    assert len(told) == len(results)


def test_on_aws_every_answer_is_executed(cloud: FakeCloud) -> None:
    cloud.endpoint = None
    assert {result.fidelity for result in probe(cloud).values()} == {"executed"}


def test_the_key_is_used_and_never_told(cloud: FakeCloud) -> None:
    told: list[Json] = []
    cloud.web = [(500, {}, {"message": "boom"})]
    results = probe(cloud, on_event=told.append)
    assert KEY not in json.dumps(told) + repr(results)
    assert any(call["headers"].get("x-api-key") == KEY for call in cloud.called("http"))


def test_requests_go_to_the_published_address_with_the_blueprints_parameters(cloud: FakeCloud) -> None:
    probe(cloud)
    base = "http://127.0.0.1:4566/restapis/abc123/v1/_user_request_"
    assert {(call["method"], call["url"].removeprefix(base)) for call in cloud.called("http")} == {
        ("POST", "/realtime/reviews"),
        ("POST", "/realtime/chat"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/models"),
    }
    (converse,) = cloud.called("bedrock-runtime.converse")
    assert converse["modelId"] == PROFILE
    assert converse["inferenceConfig"] == {"maxTokens": 64, "temperature": 0.2}


def with_golden(blueprint: Json, *cases: Json, **smoke_settings: Any) -> Json:
    return {**blueprint, "smoke": {"golden": list(cases), **smoke_settings}}


@pytest.mark.parametrize(
    ("blueprint", "name", "missing"),
    [(REVIEWS, "endpoint-direct", "label"), (REVIEWS, "api", "label"), (CHAT, "bedrock-direct", "contains")],
)
def test_a_missing_golden_answer_is_red(cloud: FakeCloud, blueprint: Json, name: str, missing: str) -> None:
    result = probe(cloud, with_golden(blueprint, {"input": "I love it."}))[blueprint["name"], name]
    assert result.status == "failed"
    assert result.detail.startswith(f"the golden case `I love it.` has no expected `{missing}`")


def test_a_wrong_label_is_red_and_shows_both(cloud: FakeCloud) -> None:
    results = probe(cloud, with_golden(REVIEWS, {"input": "I love it.", "label": "negative"}))
    for name in ("endpoint-direct", "api"):
        assert results["reviews", name].status == "failed"
        assert results["reviews", name].detail == "`I love it.` must be negative, got positive (0.90)"


def test_a_text_without_the_expected_words_is_red(cloud: FakeCloud) -> None:
    result = probe(cloud, with_golden(CHAT, {"input": "Hi", "contains": "goodbye"}))["chat", "bedrock-direct"]
    assert (result.status, result.detail) == ("failed", 'the text must contain `goodbye`, got `"Hello there."`')


def test_an_empty_expectation_takes_any_text_but_no_empty_one(cloud: FakeCloud) -> None:
    any_text = with_golden(CHAT, {"input": "Hi", "contains": ""})
    assert probe(cloud, any_text)["chat", "bedrock-direct"].status == "ok"
    cloud.services["bedrock-runtime"]["converse"] = converse_answer("  ")
    assert "not empty" in probe(cloud, any_text)["chat", "bedrock-direct"].detail


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"<html>", "the answer is not a JSON object: `<html>`"),
        (b"{}", "one input must have one output, got `null`"),
        (b'{"outputs": [1]}', "an output must be an object, got `1`"),
        (b'{"outputs": [{"label": "meh", "score": 1}]}', '`label` must be one of positive, negative, got `"meh"`'),
        (b'{"outputs": [{"label": "positive", "score": 7}]}', "`score` must be a number from 0 to 1, got `7`"),
        (b'{"outputs": [{"label": "positive", "score": 1}]}', "the answer does not say which `model` gave it"),
    ],
)
def test_an_answer_in_another_form_is_red(cloud: FakeCloud, body: bytes, detail: str) -> None:
    cloud.services["sagemaker-runtime"]["invoke_endpoint"] = lambda **_: {"Body": io.BytesIO(body)}
    assert probe(cloud, REVIEWS)["reviews", "endpoint-direct"].detail == detail


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"source": "bedrock"}, '`source` must be sagemaker, got `"bedrock"`'),
        ({"blueprint": "other"}, '`blueprint` must be reviews, got `"other"`'),
        ({"request_id": ""}, "the answer has no `request_id`"),
        ({"model": None}, "the answer has no `model`"),
    ],
)
def test_a_wrong_envelope_is_red(cloud: FakeCloud, change: Json, detail: str) -> None:
    def changed(**asked: Any) -> Any:
        status, headers, document = web_answer(**asked)
        return status, headers, {**document, **change}

    cloud.web = [changed]
    assert probe(cloud, REVIEWS)["reviews", "api"].detail.startswith(detail)


@pytest.mark.parametrize(
    ("decision", "status", "detail"),
    [
        ("primary; after=primary:Throttled", "ok", "positive 0.90, negative 0.90"),
        ("spare; after=primary:Unavailable", "failed", "the blueprint's own model did not answer: x-route-decision is"),
        ("chat", "ok", "answered by chat, which has a share, answered by chat, which has a share"),
        ("chat; after=primary:Unavailable", "failed", "the blueprint's own model did not answer: x-route-decision is"),
        ("spare", "failed", "the blueprint's own model did not answer: x-route-decision is `spare`"),
    ],
)
def test_a_stand_in_does_not_hide_that_the_own_model_is_down(
    cloud: FakeCloud, decision: str, status: str, detail: str
) -> None:
    def routed(**asked: Any) -> Any:
        code, headers, document = web_answer(**asked)
        return code, headers | {"x-route-decision": decision}, document

    cloud.web = [routed]
    routing = {"fallback": ["spare"], "share_percent": {"chat": 10}}
    result = probe(cloud, {**REVIEWS, "routing": routing})["reviews", "api"]
    assert (result.status, result.detail[: len(detail)]) == (status, detail)


def test_missing_headers_are_red(cloud: FakeCloud) -> None:
    cloud.web = [lambda **asked: (200, {}, web_answer(**asked)[2])]
    assert probe(cloud, REVIEWS)["reviews", "api"].detail == "the answer has no header x-request-id"


@pytest.mark.parametrize(
    ("stack", "removed", "failing"),
    [
        ("blueprint-reviews", "endpoint_name", {"endpoint-direct"}),
        ("blueprint-reviews", "release_parameter_name", {"endpoint-config"}),
        ("inference", "api", {"api", "api-no-key", "api-bad-request", "api-throttled"}),
    ],
)
def test_a_missing_output_is_red_and_named(cloud: FakeCloud, stack: str, removed: str, failing: set[str]) -> None:
    outputs = {**OUTPUTS, stack: {name: each for name, each in OUTPUTS[stack].items() if name != removed}}
    results = probe(cloud, REVIEWS, outputs=outputs)
    assert {name for (_, name), result in results.items() if result.status == "failed"} == failing
    assert all(f"the stack {stack} publishes no" in results["reviews", name].detail for name in failing)


def test_a_blueprint_that_is_not_deployed_is_red(cloud: FakeCloud) -> None:
    outputs = {"inference": OUTPUTS["inference"]}
    result = probe(cloud, REVIEWS, outputs=outputs)["reviews", "endpoint-direct"]
    assert result.detail == "the stack blueprint-reviews publishes nothing: it is not deployed"


def test_an_endpoint_that_runs_something_else_is_red(cloud: FakeCloud) -> None:
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)})
    result = probe(cloud, REVIEWS)["reviews", "endpoint-config"]
    assert result.status == "failed"
    assert result.detail == (
        f"the endpoint mlops-local-reviews runs {RUNNING}, "
        "specification and version make mlops-local-reviews-1a2b3c4d-v4"
    )


def test_the_last_release_tells_why(cloud: FakeCloud) -> None:
    record = {"status": "rolled-back", "reason": "ProbeFailed", "asked": False, "model_package_arn": VERSION.format(3)}
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)}, records=record)
    assert probe(cloud, REVIEWS)["reviews", "endpoint-config"].detail.endswith(
        "make mlops-local-reviews-1a2b3c4d-v4; the last release rolled-back: ProbeFailed"
    )


def test_a_version_that_somebody_asked_for_is_what_should_run(cloud: FakeCloud) -> None:
    record = {"status": "released", "asked": True, "model_package_arn": VERSION.format(3)}
    cloud.services["ssm"] = parameters(live={"model_package_arn": VERSION.format(4)}, records=record)
    assert probe(cloud, REVIEWS)["reviews", "endpoint-config"].status == "ok"


@pytest.mark.parametrize(("launched", "status"), [(RUNNING, "ok"), ("another", "failed")])
def test_an_endpoint_without_releases_runs_what_it_was_launched_with(
    cloud: FakeCloud, launched: str, status: str
) -> None:
    del cloud.services["ssm"]
    outputs = {**OUTPUTS, "blueprint-reviews": {**OUTPUTS["blueprint-reviews"], "endpoint_config_name": launched}}
    result = probe(cloud, {**REVIEWS, "multi_model": {"default": "a.tar.gz"}}, outputs=outputs)[
        "reviews", "endpoint-config"
    ]
    assert result.status == status


def test_a_missing_specification_is_red(cloud: FakeCloud) -> None:
    cloud.services["ssm"] = parameters(specs=None)
    result = probe(cloud, REVIEWS)["reviews", "endpoint-config"]
    assert (result.status, result.detail) == ("failed", f"there is no parameter {RELEASES}/specs/reviews")


def test_an_endpoint_out_of_service_tells_its_reason(cloud: FakeCloud) -> None:
    cloud.services["sagemaker"]["describe_endpoint"] = {
        "EndpointStatus": "Failed",
        "EndpointConfigName": RUNNING,
        "FailureReason": "the container did not pass the ping",
    }
    result = probe(cloud, REVIEWS)["reviews", "endpoint-config"]
    assert result.detail == (
        "the endpoint mlops-local-reviews is Failed, not InService: the container did not pass the ping"
    )


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (
            refuse("ValidationError", "Endpoint not found"),
            "cannot invoke the endpoint mlops-local-reviews: ValidationError: Endpoint not found",
        ),
        (
            EndpointConnectionError(endpoint_url="http://127.0.0.1:4566"),
            "cannot invoke the endpoint mlops-local-reviews: the emulator at http://127.0.0.1:4566 "
            "does not answer (EndpointConnectionError)",
        ),
    ],
    ids=["refused", "gone"],
)
def test_what_aws_raises_is_a_failed_probe(cloud: FakeCloud, error: Exception, detail: str) -> None:
    cloud.services["sagemaker-runtime"]["invoke_endpoint"] = error
    result = probe(cloud, REVIEWS)["reviews", "endpoint-direct"]
    assert (result.status, result.fidelity, result.detail) == ("failed", "not-run", detail)


def test_no_answer_from_the_api_is_a_failed_probe(cloud: FakeCloud) -> None:
    cloud.web = [PlatformError("POST x got no answer: ConnectError")]
    assert probe(cloud, REVIEWS)["reviews", "api"].detail == "POST x got no answer: ConnectError"


def in_turn(*first: tuple[int, dict[str, str], Json], then: Callable[..., Any]) -> Callable[..., Any]:
    answers = list(first)

    def answer(**asked: Any) -> Any:
        return answers.pop(0) if answers else then(**asked)

    return answer


COLD = (503, {"retry-after": "3"}, {"error": {"type": "NotReady", "message": "cold"}})


def only(cloud: FakeCloud, name: str) -> ProbeResult:
    return probe(cloud, REVIEWS)["reviews", name]


def test_not_ready_is_asked_again_after_the_time_it_names(cloud: FakeCloud, pauses: list[float]) -> None:
    cloud.web = [in_turn(COLD, COLD, then=web_answer)]
    assert only(cloud, "api").status == "ok"
    assert pauses == [3.0, 3.0]


def test_waiting_has_an_end(cloud: FakeCloud, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.smoke.gateway.RETRY_BUDGET_SECONDS", 0.0)
    cloud.web = [COLD]
    result = only(cloud, "api")
    assert result.status == "failed"
    assert "answered 503" in result.detail
    assert pauses == []


def test_a_503_that_does_not_ask_to_come_back_is_red_at_once(cloud: FakeCloud, pauses: list[float]) -> None:
    cloud.web = [(503, {}, {"error": {"type": "InternalError", "message": "no"}})]
    assert only(cloud, "api").status == "failed"
    assert pauses == []


def test_a_new_key_may_take_a_moment_on_aws_only(cloud: FakeCloud, pauses: list[float]) -> None:
    refused = (403, {}, {"message": "Forbidden"})
    cloud.web = [in_turn(refused, then=web_answer)]
    assert only(cloud, "api").status == "failed"
    cloud.endpoint = None
    cloud.web = [in_turn(refused, then=web_answer)]
    assert only(cloud, "api").status == "ok"
    assert pauses == [2.0]


def test_an_api_without_a_lock_is_red(cloud: FakeCloud) -> None:
    cloud.web = [lambda **asked: web_answer(**{**asked, "headers": {"x-api-key": KEY}})]
    result = only(cloud, "api-no-key")
    assert result.status == "failed"
    assert result.detail.startswith("a request without a key must be answered 401, got 200")


def test_a_bad_request_must_be_refused_in_words(cloud: FakeCloud) -> None:
    cloud.web = [(200, {}, {"outputs": []})]
    assert "must be answered 400, got 200" in only(cloud, "api-bad-request").detail
    cloud.web = [(400, {}, {"message": "Invalid request body"})]
    assert "must name `error.type` and `error.message`" in only(cloud, "api-bad-request").detail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ({"message": "Invalid request body", "type": "BadRequest"}, "a temperature of 9 must name it"),
        ({"message": "temperature", "type": "t", "param": "top_p"}, "a temperature of 9 must name it"),
        ({"message": "no", "type": "t", "param": "temperature"}, "a temperature of 9 must name it"),
    ],
)
def test_a_refusal_must_name_what_is_wrong(cloud: FakeCloud, error: Json, detail: str) -> None:
    def vague(**asked: Any) -> Any:
        return (400, {}, {"error": error}) if asked["url"].endswith("completions") else web_answer(**asked)

    cloud.web = [vague]
    result = only(cloud, "api-bad-request")
    assert result.status == "failed"
    assert detail in result.detail


def listing(cloud: FakeCloud, *answers: tuple[int, dict[str, str], Json]) -> ProbeResult:
    """The probe of throttling, whose requests are answered so; then with 200."""
    models = in_turn(*answers, then=lambda **asked: (200, {}, {"object": "list", "data": []}))

    def answer(**asked: Any) -> Any:
        return models(**asked) if asked["url"].endswith("/v1/models") else web_answer(**asked)

    cloud.web = [answer]
    return only(cloud, "api-throttled")


def test_throttling_may_come_late_and_is_asked_for_with_the_key_for_that(cloud: FakeCloud) -> None:
    result = listing(cloud, *[(200, {}, {"data": []})] * 5, THROTTLED)
    assert (result.status, result.detail) == ("ok", "429 at request 6")
    asked = [call for call in cloud.called("http") if call["url"].endswith("/v1/models")]
    assert len(asked) == 6
    assert {call["headers"]["x-api-key"] for call in asked} == {SMOKE_KEY}


def test_a_limit_that_is_not_kept_is_red_after_a_bounded_number_of_requests(cloud: FakeCloud) -> None:
    result = listing(cloud)
    assert (result.status, result.detail) == (
        "failed",
        "20 requests with a key for one a second, and none was answered 429",
    )


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((429, {}, THROTTLED[2]), "a 429 must say when to come back (Retry-After)"),
        ((429, {"retry-after": "1"}, {"message": "Too Many Requests"}), "must name the `error.type` Throttled"),
        ((403, {}, {"message": "Forbidden"}), "the key smoke must be let in or told to wait, got 403"),
    ],
)
def test_being_throttled_must_be_told_in_words(
    cloud: FakeCloud, answer: tuple[int, dict[str, str], Json], detail: str
) -> None:
    result = listing(cloud, answer)
    assert result.status == "failed"
    assert detail in result.detail


def test_a_key_that_cannot_be_read_is_red(cloud: FakeCloud) -> None:
    cloud.services["apigateway"]["get_api_key"] = {"id": "key1"}
    assert only(cloud, "api").detail == "the API key key1 has no value that this role may read"


def test_an_answer_that_takes_too_long_is_red(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 2))
    monkeypatch.setattr("orchestrator.smoke.base.time.monotonic", lambda: next(ticks))
    slow = with_golden(REVIEWS, {"input": "I love it.", "label": "positive"}, max_latency_ms=1500)
    result = probe(cloud, slow)["reviews", "endpoint-direct"]
    assert (result.status, result.latency_ms) == ("failed", 2000.0)
    assert result.detail == "the slowest answer took 2000 ms, allowed are 1500 ms"


def test_an_answer_that_says_nothing_about_itself_is_at_best_emulated(cloud: FakeCloud) -> None:
    def silent(**asked: Any) -> Json:
        return {"Body": endpoint_answer(**asked)["Body"]}

    cloud.services["sagemaker-runtime"]["invoke_endpoint"] = silent
    assert only(cloud, "endpoint-direct").fidelity == "emulated"


def test_every_combination_that_can_be_deployed_has_probes() -> None:
    from orchestrator.blueprints import MATRIX

    for (kind, source), cell in MATRIX.items():
        if cell.available:
            base = REVIEWS if source == "sagemaker" else CHAT
            blueprint = Blueprint.model_validate({**base, "kind": kind})
            assert [each.name for each in smoke.PROBES if each.applies(blueprint)]
