"""The router from event to response, with fake backends."""

from __future__ import annotations

import base64
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from inference_common import errors
from inference_routing import dispatch, route_table
from tests.unit.lambda_.support.addressed_backends import SAGEMAKER, TWO, Backend, Store


@pytest.fixture
def router(cold_start: Any) -> SimpleNamespace:
    modules = cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes")
    good = dispatch.Reply([{"label": "positive", "score": 0.9}], {"training_job": "j"}, None, "executed")
    return SimpleNamespace(module=modules, all=modules, good=good)


def call(router: SimpleNamespace, context: Any, records: dict[str, Any], answers: dict[str, Any], **event: Any) -> Any:
    module = router.module
    router.store, router.backend = Store(records), Backend(answers)
    module.ROUTER.table = route_table.RouteTable(router.store, 30, lambda: 0.0)
    module.ROUTER.backends = {"sagemaker": router.backend, "bedrock": router.backend}
    module.ROUTER.pause = lambda seconds: None
    base = {
        "pathParameters": {"blueprint": "reviews"},
        "requestContext": {"requestId": "r-1"},
        "body": json.dumps({"inputs": ["fine"]}),
    }
    response = module.handler({**base, **event}, context)
    return response["statusCode"], response["headers"], json.loads(response["body"])


def test_a_response_has_the_documented_format(router: Any, context: Any) -> None:
    status, headers, body = call(router, context, {"reviews": SAGEMAKER}, {"one": router.good})
    assert status == 200
    assert body == {
        "request_id": "r-1",
        "blueprint": "reviews",
        "source": "sagemaker",
        "model": {"training_job": "j"},
        "outputs": [{"label": "positive", "score": 0.9}],
    }
    assert headers == {
        "content-type": "application/json",
        "x-request-id": "r-1",
        "x-route-decision": "primary",
        "x-route-reason": "only target",
        "x-fidelity": "executed",
    }


def test_usage_is_returned_if_the_backend_reports_it(router: Any, context: Any) -> None:
    reply = dispatch.Reply([{"text": "hi"}], {"model_id": "m"}, {"totalTokens": 3})
    _, headers, body = call(router, context, {"reviews": SAGEMAKER}, {"one": reply})
    assert body["usage"] == {"totalTokens": 3}
    assert "x-fidelity" not in headers


def test_the_spare_target_answers_when_the_first_cannot(router: Any, context: Any) -> None:
    answers = {"one": errors.Throttled("slow down"), "two": router.good}
    status, headers, _ = call(router, context, {"reviews": TWO}, answers)
    assert (status, headers["x-route-decision"]) == (200, "spare; after=primary:Throttled")


def test_if_all_targets_fail_the_first_error_is_returned(router: Any, context: Any) -> None:
    answers = {"one": errors.NotReady("starting"), "two": errors.ModelFailed("boom")}
    status, headers, body = call(router, context, {"reviews": TWO}, answers)
    assert (status, headers["retry-after"]) == (503, "5")
    assert (
        headers["x-route-decision"]
        == "none; after=primary:NotReady,spare:ModelFailed,spare:ModelFailed,spare:ModelFailed"
    )
    assert body == {"request_id": "r-1", "error": {"type": "NotReady", "message": "starting"}}


def test_a_bad_request_is_not_tried_elsewhere(router: Any, context: Any) -> None:
    answers = {"one": errors.BadRequest("unknown parameter"), "two": router.good}
    status, _, _ = call(router, context, {"reviews": TWO}, answers)
    assert (status, len(router.backend.requests)) == (400, 1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BadRequest("x"), 400),
        (errors.UnknownBlueprint("x"), 404),
        (errors.ModelFailed("x"), 424),
        (errors.Throttled("x"), 429),
        (errors.InternalError("x"), 500),
        (errors.NotReady("x"), 503),
        (errors.DeadlineExceeded("x"), 504),
    ],
)
def test_each_error_has_its_status(router: Any, context: Any, error: errors.ServiceError, status: int) -> None:
    found, _, body = call(router, context, {"reviews": SAGEMAKER}, {"one": error})
    assert (found, body["error"]["type"]) == (status, type(error).__name__)


def test_an_unexpected_error_is_only_logged(logged: Any, router: Any, context: Any) -> None:
    status, _, body = call(router, context, {"reviews": SAGEMAKER}, {"one": KeyError("secret detail")})
    assert (status, body["error"]["type"]) == (500, "InternalError")
    assert "secret" not in json.dumps(body)
    reported = [each for line in logged() for each in line.get("exception", ())]
    assert {each["error"] for each in reported} == {"KeyError"}
    assert all("support/addressed_backends.py" in each["at"] for each in reported)
    assert "secret" not in json.dumps(reported)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is not JSON: Expecting value at line 1 column 1"),
        ("[]", "the body must be a JSON object"),
        ('{"inputs": ["a"], "extra": 1}', "unknown field 'extra'; a request has inputs and parameters"),
        ('{"inputs": []}', "'inputs' must be a list of 1 to 100 inputs"),
        (json.dumps({"inputs": ["a"] * 101}), "'inputs' must be a list of 1 to 100 inputs"),
        ('{"inputs": ["a", ""]}', "'inputs[1]' must be a string of 1 to 20000 characters: it is empty"),
        ('{"inputs": ["   "]}', "'inputs[0]' must be a string of 1 to 20000 characters: it is blank"),
        (json.dumps({"inputs": ["a" * 20001]}), "'inputs[0]' must be a string of 1 to 20000 characters: it has 20001"),
        ('{"inputs": ["a", true]}', "'inputs[1]' must be a string, a number, a list or an object: it is true"),
        ('{"inputs": [{}]}', "'inputs[0]' must not be empty: it is an object without values"),
        ('{"inputs": ["a"], "parameters": []}', "'parameters' must be an object"),
    ],
)
def test_schema_violations_are_named(router: Any, context: Any, body: str, message: str) -> None:
    status, _, answer = call(router, context, {"reviews": SAGEMAKER}, {"one": router.good}, body=body)
    assert (status, answer["error"]) == (400, {"type": "BadRequest", "message": message})


def test_a_base64_body_is_read(router: Any, context: Any) -> None:
    body = base64.b64encode(json.dumps({"inputs": ["schön"]}).encode()).decode()
    event = {"body": body, "isBase64Encoded": True}
    status, _, _ = call(router, context, {"reviews": SAGEMAKER}, {"one": router.good}, **event)
    assert (status, router.backend.requests[0].inputs) == (200, ("schön",))


def test_route_parameters_are_defaults_of_the_request_s(router: Any, context: Any) -> None:
    record = {**SAGEMAKER, "parameters": {"max_tokens": 10, "temperature": 0}}
    body = json.dumps({"inputs": ["a"], "parameters": {"max_tokens": 5}})
    call(router, context, {"reviews": record}, {"one": router.good}, body=body)
    assert router.backend.requests[0].parameters == {"max_tokens": 5, "temperature": 0}


@pytest.mark.parametrize("name", ["unknown", "../secrets", "Reviews", ""])
def test_an_unknown_name_is_404(router: Any, context: Any, name: str) -> None:
    event = {"pathParameters": {"blueprint": name}}
    status, _, body = call(router, context, {"reviews": SAGEMAKER}, {}, **event)
    assert (status, body["error"]["type"]) == (404, "UnknownBlueprint")
    assert router.store.reads == (1 if name == "unknown" else 0)


@pytest.mark.parametrize(
    "record", [{}, {**SAGEMAKER, "source": "other"}, {**SAGEMAKER, "targets": []}, {**SAGEMAKER, "targets": [{}]}]
)
def test_a_malformed_route_record_is_an_internal_error(router: Any, context: Any, record: Any) -> None:
    status, _, body = call(router, context, {"reviews": record}, {})
    assert (status, body["error"]["type"]) == (500, "InternalError")
    assert "route record of 'reviews'" in body["error"]["message"]


def test_no_time_left_is_504(router: Any) -> None:
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 1500)
    status, _, _ = call(router, context, {"reviews": SAGEMAKER}, {"one": router.good})
    assert status == 504


def test_logs_hold_the_decision_and_no_payload(logged: Any, router: Any, context: Any) -> None:
    body = json.dumps({"inputs": ["my private review"]})
    call(router, context, {"reviews": SAGEMAKER}, {"one": router.good}, body=body)
    lines = logged()
    assert (lines[-1]["decision"], lines[-1]["reason"]) == ("primary", "only target")
    assert lines[-1]["request_id"] == "r-1"
    assert "private" not in json.dumps(lines)


def test_the_function_needs_its_routes_prefix(cold_start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROUTES_PREFIX", raising=False)
    with pytest.raises(Exception, match="environment variable ROUTES_PREFIX is not set"):
        cold_start("model_router")


def test_log_lines_do_not_reach_lambda_s_own_handler() -> None:
    assert logging.getLogger("model_router").propagate is False


@pytest.mark.parametrize("auth_path", ["", "/iam", "/cognito"])
def test_every_authentication_method_reaches_both_apis(router: Any, context: Any, auth_path: str) -> None:
    requested = {"resource": f"{auth_path}/realtime/{{blueprint}}"}
    assert call(router, context, {"reviews": SAGEMAKER}, {"one": router.good}, **requested)[0] == 200
    chat = {
        "resource": f"{auth_path}/v1/chat/completions",
        "pathParameters": None,
        "body": json.dumps({"model": "reviews", "messages": [{"role": "user", "content": "fine"}]}),
    }
    status, _, body = call(router, context, {"reviews": SAGEMAKER}, {"one": router.good}, **chat)
    assert (status, body["object"]) == (200, "chat.completion")
