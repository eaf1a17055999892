"""The probe of an endpoint without the API."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from orchestrator.core.types import Json
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import REVIEWS, endpoint_answer, only, probe, refuse, with_golden


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"<html>", "the answer is not a JSON object: `<html>`"),
        (b"{}", "one input must have one output, got `null`"),
        (b'{"outputs": [1]}', "an output must be an object with `label`, got `1`"),
        (b'{"outputs": [{"score": 1}]}', "`label` must be a text, got `null`"),
        (b'{"outputs": [{"label": "meh", "score": 1}]}', "`I love it.` must be positive, got meh (1.00)"),
        (b'{"outputs": [{"label": "positive", "score": 7}]}', "`score` must be a number from 0 to 1, got `7`"),
        (b'{"outputs": [{"label": "positive", "score": 1}]}', "the answer has no `model`"),
    ],
)
def test_an_answer_in_another_form_is_red(cloud: FakeCloud, body: bytes, detail: str) -> None:
    cloud.services["sagemaker-runtime"]["invoke_endpoint"] = lambda **_: {"Body": io.BytesIO(body)}
    assert probe(cloud, REVIEWS)["reviews", "endpoint-direct"].detail == detail


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
def test_aws_s_exceptions_fail_the_probe(cloud: FakeCloud, error: Exception, detail: str) -> None:
    cloud.services["sagemaker-runtime"]["invoke_endpoint"] = error
    result = probe(cloud, REVIEWS)["reviews", "endpoint-direct"]
    assert (result.status, result.fidelity, result.detail) == ("failed", "not-run", detail)


def test_an_answer_that_takes_too_long_is_red(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 2))
    monkeypatch.setattr("orchestrator.smoke.base.time.monotonic", lambda: next(ticks))
    slow = with_golden(REVIEWS, {"input": "I love it.", "label": "positive"}, max_latency_ms=1500)
    result = probe(cloud, slow)["reviews", "endpoint-direct"]
    assert (result.status, result.latency_ms) == ("failed", 2000.0)
    assert result.detail == "the slowest answer took 2000 ms, the limit is 1500 ms"


def test_an_answer_without_fidelity_headers_is_emulated(cloud: FakeCloud) -> None:
    def silent(**asked: Any) -> Json:
        return {"Body": endpoint_answer(**asked)["Body"]}

    cloud.services["sagemaker-runtime"]["invoke_endpoint"] = silent
    assert only(cloud, "endpoint-direct").fidelity == "emulated"
