"""All probes together: what they ask, in which order, and how they tell it."""

from __future__ import annotations

import json

import pytest

from orchestrator import smoke
from orchestrator.config.model.platform import Blueprint
from orchestrator.core.types import Json
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import CHAT, KEY, OUTPUTS, PROFILE, REVIEWS, RUNNING, probe, with_golden


def test_all_green(cloud: FakeCloud) -> None:
    events: list[Json] = []
    results = probe(cloud, on_event=events.append)
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
    assert len(events) == len(results)


def test_on_aws_every_answer_is_executed(cloud: FakeCloud) -> None:
    cloud.endpoint = None
    assert {result.fidelity for result in probe(cloud).values()} == {"executed"}


def test_the_key_is_used_and_never_reported(cloud: FakeCloud) -> None:
    events: list[Json] = []
    cloud.web = [(500, {}, {"message": "boom"})]
    results = probe(cloud, on_event=events.append)
    assert KEY not in json.dumps(events) + repr(results)
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


def test_a_wrong_label_is_red_and_shows_both(cloud: FakeCloud) -> None:
    results = probe(cloud, with_golden(REVIEWS, {"input": "I love it.", "label": "negative"}))
    for name in ("endpoint-direct", "api"):
        assert results["reviews", name].status == "failed"
        assert results["reviews", name].detail == "`I love it.` must be negative, got positive (0.90)"


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


def test_every_combination_that_can_be_deployed_has_probes() -> None:
    from orchestrator.blueprints import MATRIX

    for (kind, source), cell in MATRIX.items():
        if cell.available:
            base = REVIEWS if source == "sagemaker" else CHAT
            blueprint = Blueprint.model_validate({**base, "kind": kind})
            assert [each.name for each in smoke.PROBES if each.applies(blueprint)]
