"""The probes of asynchronous requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.core.types import Json
from orchestrator.smoke.async_inference import BROKEN
from orchestrator.smoke.model import ProbeResult
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import KEY, OUTPUTS, probe

REQUEST = "0c3cf4f1-3f6f-4a0b-8f5e-c0ffee000000"
UPLOAD = f"inference/async/input/reviews-async/uploads/{REQUEST}.json"
FAILURE = f"s3://data/inference/async/failures/reviews-async/{REQUEST}-error.out"
REVIEWS: Json = {
    "name": "reviews-async",
    "kind": "async",
    "model": {"source": "sagemaker", "group": "reviews"},
    "async": {"callback": {"table": True}},
    "smoke": {"golden": [{"input": "I love it.", "label": "positive"}]},
}
STACKS = {
    **OUTPUTS,
    "blueprint-reviews-async": {"endpoint_name": "mlops-local-reviews-async", "table_name": "results"},
}
COMPLETED: Json = {
    "request_id": REQUEST,
    "status": "completed",
    "result": {"outputs": [{"label": "positive", "score": 0.9}]},
}
FAILED: Json = {
    "request_id": REQUEST,
    "status": "failed",
    "failure": FAILURE,
    "error": {"type": "ModelFailed", "message": "no inputs"},
}
PENDING: Json = {"request_id": REQUEST, "status": "pending"}
ITEM: Json = {"Item": {"request_id": {"S": REQUEST}, "status": {"S": "failed"}, "reason": {"S": "no"}}}


class Api:
    """The job API: `results` and `failures` are what the status says, in turn, the last one for good."""

    def __init__(self) -> None:
        self.results: list[Json] = [PENDING, COMPLETED]
        self.failures: list[Json] = [FAILED]
        self.refusals: dict[str, int] = {}
        self.uploaded: list[bytes] = []
        self._kind = "result"

    def __call__(self, **asked: Any) -> tuple[int, dict[str, str], Json]:
        method, url = asked["method"], str(asked["url"])
        if url.startswith("https://s3/"):
            self.uploaded.append(asked["body"])
            return 200, {}, {}
        if asked["headers"].get("x-api-key") != KEY:
            return self.refusals.get("key", 401), {}, {}
        if method == "GET":
            if not url.endswith(REQUEST):
                return self.refusals.get("unknown", 404), {}, {}
            outcomes = self.results if self._kind == "result" else self.failures
            return 200, {"x-fidelity": "executed"}, outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if url.endswith("/uploads"):
            return 201, {}, {"input": UPLOAD, "url": "https://s3/there", "method": "PUT", "headers": {"a": "b"}}
        document = json.loads(asked["body"])
        if document not in ({"inputs": ["I love it."]}, {"input": UPLOAD}):
            return self.refusals.get("wrong", 400), {}, {}
        self._kind = "result" if "inputs" in document else "failure"
        return 202, {"location": f"/v1/async/reviews-async/{REQUEST}"}, {"request_id": REQUEST}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def ask(cloud: FakeCloud, api: Api, pauses: list[float]) -> Callable[[str], ProbeResult]:
    cloud.web = [api]
    cloud.services["s3"] = {"head_object": {}}
    cloud.services["dynamodb"] = {"get_item": ITEM}

    def outcome(name: str) -> ProbeResult:
        return probe(cloud, REVIEWS, outputs=STACKS)["reviews-async", name]

    return outcome


def test_a_request_is_accepted_and_its_result_is_correct(
    ask: Callable[[str], ProbeResult], pauses: list[float]
) -> None:
    result = ask("async")
    assert (result.status, result.detail) == ("ok", "positive 0.90")
    assert pauses


@pytest.mark.parametrize(
    ("outcome", "detail"),
    [
        ({**COMPLETED, "result": {"outputs": [{"label": "negative", "score": 0.9}]}}, "must be positive, got negative"),
        ({**COMPLETED, "result": {"outputs": []}}, "one input must have one output"),
        (FAILED, "must be completed"),
        (PENDING, "still pending after 180 s"),
    ],
)
def test_another_end_is_red(ask: Callable[[str], ProbeResult], api: Api, outcome: Json, detail: str) -> None:
    api.results = [outcome]
    result = ask("async")
    assert result.status == "failed"
    assert detail in result.detail


def test_a_broken_upload_fails_with_its_object_and_reaches_the_table(
    ask: Callable[[str], ProbeResult], api: Api
) -> None:
    result = ask("async-failure")
    assert (result.status, result.detail) == ("ok", "ModelFailed, failure object, stored in the table")
    assert api.uploaded == [BROKEN]


@pytest.mark.parametrize(
    ("outcome", "detail"),
    [
        (COMPLETED, "must have failed with a reason"),
        ({**FAILED, "error": {"type": "ModelFailed", "message": ""}}, "must have failed with a reason"),
        ({**FAILED, "failure": "s3://data/elsewhere"}, "must be stored below the blueprint's folder"),
    ],
)
def test_another_failure_is_red(ask: Callable[[str], ProbeResult], api: Api, outcome: Json, detail: str) -> None:
    api.failures = [outcome]
    result = ask("async-failure")
    assert result.status == "failed"
    assert detail in result.detail


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ({}, "has no entry of"),
        ({"Item": {"status": {"S": "completed"}}}, "must say why it failed"),
    ],
)
def test_a_table_without_the_failure_is_an_error(
    ask: Callable[[str], ProbeResult], cloud: FakeCloud, answer: Json, detail: str
) -> None:
    cloud.services["dynamodb"] = {"get_item": answer}
    assert detail in ask("async-failure").detail


def test_wrong_requests_are_refused(ask: Callable[[str], ProbeResult]) -> None:
    result = ask("async-bad-request")
    assert (result.status, result.detail) == ("ok", "400, 404, 401")


@pytest.mark.parametrize(
    ("case", "status", "detail"),
    [
        ("wrong", 202, "a request without inputs must be answered 400"),
        ("unknown", 200, "the status of an unknown request must be answered 404"),
        ("key", 200, "a request without a key must be answered 401"),
    ],
)
def test_an_accepted_wrong_request_is_an_error(
    ask: Callable[[str], ProbeResult], api: Api, case: str, status: int, detail: str
) -> None:
    api.refusals = {case: status}
    result = ask("async-bad-request")
    assert result.status == "failed"
    assert detail in result.detail
