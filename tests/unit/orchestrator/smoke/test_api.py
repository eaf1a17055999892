"""The probe that goes the whole way: key, gateway, router, model."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from tests.fakes.aws import FakeCloud
from tests.fakes.keys import gateway_of_keys
from tests.unit.orchestrator.smoke.conftest import COLD, REVIEWS, in_turn, only, probe, web_answer


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
def test_a_fallback_does_not_hide_that_the_own_model_is_down(
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


def test_no_answer_from_the_api_is_a_failed_probe(cloud: FakeCloud) -> None:
    cloud.web = [PlatformError("POST x got no answer: ConnectError")]
    assert probe(cloud, REVIEWS)["reviews", "api"].detail == "POST x got no answer: ConnectError"


def test_not_ready_is_retried_after_the_given_time(cloud: FakeCloud, pauses: list[float]) -> None:
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


def test_a_503_without_a_retry_time_fails_at_once(cloud: FakeCloud, pauses: list[float]) -> None:
    cloud.web = [(503, {}, {"error": {"type": "InternalError", "message": "no"}})]
    assert only(cloud, "api").status == "failed"
    assert pauses == []


def test_a_new_key_may_take_a_moment_on_aws_only(cloud: FakeCloud, pauses: list[float]) -> None:
    refused: tuple[int, dict[str, str], Json] = (403, {}, {"message": "Forbidden"})
    cloud.web = [in_turn(refused, then=web_answer)]
    assert only(cloud, "api").status == "failed"
    cloud.endpoint = None
    cloud.web = [in_turn(refused, then=web_answer)]
    assert only(cloud, "api").status == "ok"
    assert pauses == [2.0]


def test_a_key_that_cannot_be_read_is_red(cloud: FakeCloud) -> None:
    cloud.services["apigateway"] = gateway_of_keys(default="")
    message = "the API key `default` has no value that this role may read: 1 on its usage plan, none that is enabled"
    assert only(cloud, "api").detail == message
