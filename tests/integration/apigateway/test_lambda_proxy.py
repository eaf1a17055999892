"""HTTP request to event, function result to response: API Gateway's proxy format 1.0, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from emulator.services.apigateway.data_plane import Route, find_route
from emulator.services.apigateway.function_calls import Invocation
from emulator.services.apigateway.lambda_proxy import build_event, build_response
from emulator.services.apigateway.moto_view import Integration, Method, Snapshot, Stage


def method(path: str, verb: str = "POST") -> Method:
    return Method(
        resource_id=path,
        resource_path=path,
        http_method=verb,
        authorization="NONE",
        api_key_required=False,
        integration=Integration("AWS_PROXY", "uri", 29_000),
    )


METHODS = (
    method("/", "GET"),
    method("/realtime/{blueprint}"),
    method("/realtime/reviews"),
    method("/realtime/{proxy+}", "ANY"),
    method("/{proxy+}", "ANY"),
)


@pytest.mark.parametrize(
    ("verb", "path", "resource", "parameters"),
    [
        ("GET", "/", "/", {}),
        ("POST", "/realtime/reviews", "/realtime/reviews", {}),
        ("POST", "/realtime/reviews/", "/realtime/reviews", {}),
        ("POST", "/realtime/chat", "/realtime/{blueprint}", {"blueprint": "chat"}),
        ("GET", "/realtime/chat", "/realtime/{proxy+}", {"proxy": "chat"}),
        ("POST", "/realtime/a/b", "/realtime/{proxy+}", {"proxy": "a/b"}),
        ("PUT", "/elsewhere/x", "/{proxy+}", {"proxy": "elsewhere/x"}),
    ],
)
def test_the_most_specific_route_wins(verb: str, path: str, resource: str, parameters: dict[str, str]) -> None:
    route = find_route(METHODS, verb, path)
    assert route is not None
    assert (route.method.resource_path, route.path_parameters) == (resource, parameters)


def test_no_route_is_none() -> None:
    assert find_route(METHODS, "POST", "/") is None


def event_for(**request: Any) -> dict[str, Any]:
    built = Request(EnvironBuilder(**request).get_environ())
    stage = Stage("api1", "v1", "123456789012", "us-east-1", {"mode": "test"}, Snapshot(METHODS))
    return build_event(built, stage, Route(METHODS[1], {"blueprint": "chat"}), "/realtime/chat", "request-1", None)


def test_the_event_has_what_a_function_behind_a_rest_api_gets() -> None:
    event = event_for(
        method="POST", path="/x", query_string="a=1&a=2&b=3", headers={"X-Trace": "t"}, data='{"inputs": ["ä"]}'
    )
    assert (event["resource"], event["path"], event["httpMethod"]) == (
        "/realtime/{blueprint}",
        "/realtime/chat",
        "POST",
    )
    assert event["pathParameters"] == {"blueprint": "chat"}
    assert event["queryStringParameters"] == {"a": "2", "b": "3"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["3"]}
    assert (event["headers"]["X-Trace"], event["multiValueHeaders"]["X-Trace"]) == ("t", ["t"])
    assert (event["body"], event["isBase64Encoded"]) == ('{"inputs": ["ä"]}', False)
    assert event["stageVariables"] == {"mode": "test"}
    context = event["requestContext"]
    assert (context["requestId"], context["apiId"], context["stage"]) == ("request-1", "api1", "v1")
    assert (context["path"], context["resourcePath"]) == ("/v1/realtime/chat", "/realtime/{blueprint}")


def test_a_binary_body_is_encoded_and_an_empty_one_is_null() -> None:
    assert event_for(method="POST", data=b"\xff\x00")["body"] == "/wA="
    assert event_for(method="POST", data=b"\xff\x00")["isBase64Encoded"] is True
    assert event_for(method="POST")["body"] is None


def invocation(result: Any, *, failed: bool = False, fidelity: Any = "executed") -> Invocation:
    return Invocation(json.dumps(result).encode(), failed, fidelity, "ev-1")


def test_a_proxy_result_becomes_the_response() -> None:
    response = build_response(
        invocation(
            {
                "statusCode": 201,
                "headers": {"x-one": "1"},
                "multiValueHeaders": {"set-cookie": ["a", "b"]},
                "body": "aGk=",
                "isBase64Encoded": True,
            }
        )
    )
    assert (response.status_code, response.data) == (201, b"hi")
    assert (response.headers["x-one"], response.headers.getlist("set-cookie")) == ("1", ["a", "b"])
    assert response.headers["x-emulator-evidence"] == "ev-1"


@pytest.mark.parametrize(
    ("own", "expected"),
    [(None, "executed"), ("executed", "executed"), ("stand-in", "stand-in"), ("nonsense", "executed")],
)
def test_fidelity_is_the_weakest_of_the_function_and_what_it_used(own: str | None, expected: str) -> None:
    headers = {"x-fidelity": own} if own else {}
    response = build_response(invocation({"statusCode": 200, "headers": headers, "body": ""}))
    assert response.headers["x-emulator-fidelity"] == expected


@pytest.mark.parametrize(
    "result",
    ["text", {"body": "no status"}, {"statusCode": "x"}, {"statusCode": 200, "body": {"not": "text"}}, None],
)
def test_anything_else_is_a_bad_gateway(result: Any) -> None:
    response = build_response(invocation(result))
    assert (response.status_code, response.get_json()) == (502, {"message": "Internal server error"})


def test_a_failed_function_is_a_bad_gateway_whatever_it_returned() -> None:
    assert build_response(invocation({"statusCode": 200, "body": ""}, failed=True)).status_code == 502
