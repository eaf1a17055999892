"""Caller input and backend messages appear in no log line, and are truncated in responses."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from inference_common import errors
from inference_common.logs import bind, described, get_logger, without_message
from inference_routing import dispatch, route_table
from tests.unit.lambda_.support.addressed_backends import SAGEMAKER, Backend, Store
from tests.unit.lambda_.support.job_api import Api

LAMBDA = Path(__file__).resolve().parents[4] / "lambda"
CANARY = "kanarienvogel"
LONG = CANARY * 100_000
QUIET = {"model_router", "job_api", "batch_submitter", "async_worker", "async_callback", "inference_common"}


def field(name: Any = "x", **document: Any) -> str:
    return json.dumps({"inputs": ["fine"], **document, **({name: CANARY} if name != "x" else {})})


BODIES = {
    "no JSON": CANARY,
    "half JSON": f'{{"inputs": ["{CANARY}"',
    "a list": json.dumps([CANARY]),
    "inputs": json.dumps({"inputs": [CANARY]}),
    "inputs of another type": json.dumps({"inputs": {CANARY: CANARY}}),
    "a long input": json.dumps({"inputs": [CANARY * 2_000]}),
    "a parameter": field(parameters={"temperature": CANARY}),
    "an unknown parameter": field(parameters={CANARY: 1}),
    "a nested parameter": field(parameters={"stop": [{CANARY: CANARY}]}),
    "an unknown field": field(CANARY),
    "a long unknown field": json.dumps({"inputs": ["fine"], LONG: 1}),
    "deep": '{"inputs": ' + "[" * 100_000 + f'"{CANARY}"',
}
OPENAI: dict[str, Any] = {
    "a message": {"messages": [{"role": "user", "content": CANARY}]},
    "a role": {"messages": [{"role": CANARY, "content": "x"}]},
    "another field": {"messages": [{"role": "user", "content": "x", CANARY: 1}]},
    "a long field": {"messages": [{"role": "user", "content": "x"}], LONG: 1},
    "a stop": {"messages": [{"role": "user", "content": "x"}], "stop": [CANARY, 5]},
    "a format": {"messages": [{"role": "user", "content": "x"}], "response_format": {"type": CANARY}},
    "a user": {"messages": [{"role": "user", "content": "x"}], "user": {CANARY: CANARY}},
    "a model": {"model": f"{CANARY} {CANARY}", "messages": [{"role": "user", "content": "x"}]},
}


def refused_by_aws() -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": f"{CANARY} is not valid"}}, "Converse")


def caused() -> Exception:
    """Return an error as backends translate it from AWS."""
    error = errors.InternalError(f"the model refused {CANARY}")
    error.__cause__ = refused_by_aws()
    return error


FAILURES = {
    "none": None,
    "of AWS": refused_by_aws(),
    "of ours": KeyError(CANARY),
    "with a cause": caused(),
    **{name: getattr(errors, name)(f"{CANARY} was refused") for name in ("BadRequest", "ModelFailed", "Throttled")},
}


@pytest.fixture
def router(cold_start: Any) -> SimpleNamespace:
    modules = cold_start("model_router", ROUTES_PREFIX="/mlops/test/routes")
    good = dispatch.Reply([{"label": "positive", "score": 0.9}], {"training_job": "j"}, None, "executed")
    modules.ROUTER.table = route_table.RouteTable(Store({"reviews": SAGEMAKER}), 30, lambda: 0.0)
    modules.ROUTER.pause = lambda seconds: None
    return SimpleNamespace(module=modules, good=good)


def ask(router: SimpleNamespace, context: Any, failure: Exception | None = None, **event: Any) -> dict[str, Any]:
    backend = Backend({"one": failure or router.good})
    router.module.ROUTER.backends = {"sagemaker": backend, "bedrock": backend}
    base = {"pathParameters": {"blueprint": "reviews"}, "requestContext": {"requestId": "r-1"}}
    response: dict[str, Any] = router.module.handler({**base, **event}, context)
    return response


@pytest.fixture
def silent(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    reported = capsys.readouterr().out
    assert reported, "there are log lines"
    assert CANARY not in reported
    assert all(len(line) < 8_000 for line in reported.splitlines())


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("body", BODIES)
def test_the_native_paths(router: Any, context: Any, body: str) -> None:
    for content_type in ("application/json", "application/jsonlines", "text/csv", CANARY):
        response = ask(router, context, body=BODIES[body], headers={"content-type": content_type})
        assert response["statusCode"] < 500
        assert len(response["body"]) < 1_000


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("document", OPENAI)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"])
def test_openai_s_paths(router: Any, context: Any, path: str, document: str) -> None:
    body = json.dumps({"model": "reviews", **OPENAI[document]})
    response = ask(router, context, resource=path, pathParameters=None, body=body)
    assert response["statusCode"] < 500
    assert len(response["body"]) < 1_000


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("failure", [name for name in FAILURES if name != "none"])
def test_backend_messages(router: Any, context: Any, failure: str) -> None:
    response = ask(router, context, FAILURES[failure], body=field())
    assert response["statusCode"] >= 400


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("body", [body for body in BODIES if body not in ("inputs", "a long input")])
@pytest.mark.parametrize("blueprint", ["chat-async", "reviews-async", "reviews-batch", CANARY + " x"])
def test_the_job_api(cold_start: Any, monkeypatch: pytest.MonkeyPatch, context: Any, blueprint: str, body: str) -> None:
    api = Api(cold_start, monkeypatch, context)
    event = {
        "httpMethod": "POST",
        "resource": "/async/{blueprint}",
        "pathParameters": {"blueprint": blueprint},
        "requestContext": {"requestId": "r-1", "authorizer": {"principal": "team", "blueprints": "*"}},
        "headers": {"content-type": "application/json", "idempotency-key": f"{CANARY}!"},
        "body": BODIES[body],
    }
    response = api.code.handler(event, context)
    assert response["statusCode"] < 500
    assert len(response["body"]) < 1_000


def test_a_message_is_short_and_on_one_line() -> None:
    error = errors.BadRequest(f"unknown field '{LONG}'\x1b[2J\nnext", LONG)
    assert len(error.message) == len(str(error)) == 200
    assert len(str(error.param)) <= 64
    assert errors.clipped("a\x1b[31m\nb\u202ec") == "a [31m b c"


def test_an_error_is_logged_by_type_code_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise refused_by_aws()
    except ClientError as error:
        fields, ended = described(error), without_message(error)
        bind(get_logger("inference_common.test"), blueprint=f"{CANARY} {CANARY}").exception("failed")
    assert (fields["error"], fields["code"]) == ("ClientError", "ValidationException")
    assert fields["at"].startswith("across_functions/test_logs.py:")
    assert (type(ended).__name__, CANARY in str(ended)) == ("ClientError", False)
    line = json.loads(capsys.readouterr().out)
    assert (line["blueprint"], line["exception"][0]["code"]) == ("(not a name)", "ValidationException")


LEVELS = ("info", "warning", "error", "exception")


def logging_calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(LAMBDA.rglob("*.py")):
        if path.relative_to(LAMBDA).parts[0] not in QUIET:
            continue  # the other functions log the platform's own jobs only, without caller text
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(called := node.func, ast.Attribute)
                and called.attr in LEVELS
                and "log" in ast.unparse(called.value).lower()
            ):
                yield f"{path.relative_to(LAMBDA)}:{called.lineno}", node


def test_no_log_line_contains_an_error_message() -> None:
    calls = list(logging_calls())
    assert len(calls) >= 10
    for place, call in calls:
        assert isinstance(call.args[0], ast.Constant), f"{place}: words of the log are constant"
        for node in ast.walk(call):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            name = node.attr if isinstance(node, ast.Attribute) else name
            assert name not in ("str", "repr", "message"), f"{place}: use `described`"
            assert not isinstance(node, ast.JoinedStr), f"{place}: use `described`"
