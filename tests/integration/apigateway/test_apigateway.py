"""A deployed stage answers, and refuses as AWS does: routes, keys, plans, validation, permission, snapshot."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.process import Emulator

pytestmark = pytest.mark.emulator

HANDLER = """
import json
def handler(event, context):
    if event["pathParameters"]["blueprint"] == "broken":
        raise ValueError("broken")
    document = {"blueprint": event["pathParameters"]["blueprint"], "body": event["body"],
                "key": event["requestContext"]["identity"]["apiKey"]}
    return {"statusCode": 200, "headers": {"x-fidelity": "stand-in"}, "body": json.dumps(document)}
"""


@dataclass
class Api:
    """An API with `POST /realtime/{blueprint}` behind a key, deployed to `v1`."""

    id: str
    resource: str
    url: str
    key: str
    key_id: str
    plan: str
    function: str

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        verb: str = "POST",
        content_type: str = "application/json",
    ) -> tuple[int, Any, Any]:
        headers = {"content-type": content_type}
        if key is not None:
            headers["x-api-key"] = key or self.key
        data = json.dumps(body if body is not None else {"inputs": ["x"]}).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=verb)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), error.headers


@pytest.fixture(scope="module")
def build(aws: Any, emulator: Emulator) -> Callable[..., Api]:
    def make(*, permit: bool = True, burst: int = 1000) -> Api:
        gateway, name = aws("apigateway"), f"api-{uuid.uuid4().hex[:8]}"
        function = create_function(aws, name)
        api = gateway.create_rest_api(name=name)["id"]
        resource = create_method(gateway, api, function)
        gateway.create_deployment(restApiId=api, stageName="v1")
        if permit:
            aws("lambda").add_permission(
                FunctionName=name,
                StatementId="api",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/*/POST/realtime/*",
            )
        key = gateway.create_api_key(name=name, enabled=True)
        plan = gateway.create_usage_plan(
            name=name,
            apiStages=[{"apiId": api, "stage": "v1"}],
            throttle={"rateLimit": 0.001, "burstLimit": burst},
            quota={"limit": 500, "period": "DAY"},
        )["id"]
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        url = f"{emulator.endpoint}/restapis/{api}/v1/_user_request_"
        return Api(api, resource, url, key["value"], key["id"], plan, name)

    return make


def create_function(aws: Any, name: str) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", HANDLER)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    created = aws("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="handler.handler",
        Code={"ZipFile": content.getvalue()},
    )
    arn: str = created["FunctionArn"]
    return arn


def create_method(gateway: Any, api: str, function: str) -> str:
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    parent = gateway.create_resource(restApiId=api, parentId=root, pathPart="realtime")["id"]
    resource: str = gateway.create_resource(restApiId=api, parentId=parent, pathPart="{blueprint}")["id"]
    schema = json.dumps({"type": "object", "required": ["inputs"]})
    gateway.create_model(restApiId=api, name="Request", contentType="application/json", schema=schema)
    validator = gateway.create_request_validator(restApiId=api, name="body", validateRequestBody=True)["id"]
    at = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    gateway.put_method(
        **at,
        authorizationType="NONE",
        apiKeyRequired=True,
        requestValidatorId=validator,
        requestModels={"application/json": "Request"},
    )
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    return resource


@pytest.fixture(scope="module")
def api(build: Callable[..., Api]) -> Api:
    return build()


def test_a_deployed_function_answers_with_its_fidelity(api: Api) -> None:
    status, body, headers = api.post("/realtime/reviews", {"inputs": ["good"]})
    assert status == 200
    assert body == {"blueprint": "reviews", "body": '{"inputs": ["good"]}', "key": api.key}
    assert headers["x-emulator-fidelity"] == "stand-in", "the function ran, but what it says it used is weaker"
    assert headers["x-emulator-evidence"].startswith("ev-")


@pytest.mark.parametrize(
    ("path", "key", "verb", "status", "message"),
    [
        ("/realtime/reviews", None, "POST", 403, "Forbidden"),
        ("/realtime/reviews", "wrong", "POST", 403, "Forbidden"),
        ("/nothing", "", "POST", 403, "Missing Authentication Token"),
        ("/realtime/reviews", "", "PUT", 403, "Missing Authentication Token"),
        ("/realtime/broken", "", "POST", 502, "Internal server error"),
    ],
)
def test_refusals(api: Api, path: str, key: str | None, verb: str, status: int, message: str) -> None:
    assert api.post(path, key=key, verb=verb)[:2] == (status, {"message": message})


def test_a_body_that_does_not_match_its_model_never_reaches_the_function(api: Api) -> None:
    assert api.post("/realtime/reviews", {"other": 1})[:2] == (400, {"message": "Invalid request body"})
    with_charset = api.post("/realtime/reviews", {"other": 1}, content_type="Application/JSON; charset=utf-8")
    assert with_charset[:2] == (400, {"message": "Invalid request body"})
    # The model is for JSON: AWS does not validate what says that it is something else.
    status, body, _ = api.post("/realtime/reviews", "text\nfine", content_type="text/csv")
    assert (status, json.loads(body["body"])) == (200, "text\nfine")


def test_a_body_above_ten_megabytes_is_too_long_whatever_it_is(api: Api) -> None:
    most = 10 * 1024 * 1024
    refused = api.post("/realtime/reviews", "x" * (most + 1), content_type="text/csv")
    assert refused[:2] == (413, {"message": "Request Too Long"})


def test_an_unknown_api_or_stage_is_forbidden(api: Api) -> None:
    stranger = Api(**{**api.__dict__, "url": api.url.replace("/v1/", "/v2/")})
    assert stranger.post("/realtime/reviews")[:2] == (403, {"message": "Forbidden"})


def test_a_disabled_key_is_forbidden(build: Callable[..., Api], aws: Any) -> None:
    api = build()
    aws("apigateway").update_api_key(
        apiKey=api.key_id, patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}]
    )
    assert api.post("/realtime/reviews")[0] == 403


def test_a_usage_plan_throttles(build: Callable[..., Api]) -> None:
    api = build(burst=2)
    assert [api.post("/realtime/reviews")[0] for _ in range(3)] == [200, 200, 429]
    assert api.post("/realtime/reviews")[1] == {"message": "Too Many Requests"}


def test_without_the_function_s_permission_the_gateway_fails_as_on_aws(build: Callable[..., Api]) -> None:
    assert build(permit=False).post("/realtime/reviews")[:2] == (500, {"message": "Internal server error"})


def test_a_change_is_live_only_after_the_next_deployment(build: Callable[..., Api], aws: Any) -> None:
    api, gateway = build(), aws("apigateway")
    gateway.update_method(
        restApiId=api.id,
        resourceId=api.resource,
        httpMethod="POST",
        patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "false"}],
    )
    assert api.post("/realtime/reviews", key=None)[0] == 403
    deployment = gateway.create_deployment(restApiId=api.id)["id"]
    gateway.update_stage(
        restApiId=api.id,
        stageName="v1",
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}],
    )
    assert api.post("/realtime/reviews", key=None)[0] == 200


def test_a_deployed_refusal_replaces_aws_s_own(build: Callable[..., Api], aws: Any) -> None:
    api, gateway = build(burst=1), aws("apigateway")
    template = '{"request_id": "$context.requestId", "error": {"type": "%s", "message": $context.error.messageString}}'
    for response_type, kind, options in (
        ("DEFAULT_4XX", "BadRequest", {}),
        ("THROTTLED", "Throttled", {"statusCode": "503"}),
    ):
        gateway.put_gateway_response(
            restApiId=api.id,
            responseType=response_type,
            responseTemplates={"application/json": template % kind},
            responseParameters={"gatewayresponse.header.Retry-After": "'7'"},
            **options,
        )
    status, body, _ = api.post("/realtime/reviews", {"other": 1})
    assert (status, body["error"]) == (400, {"type": "BadRequest", "message": "Invalid request body"})
    assert len(body["request_id"]) == 36
    assert api.post("/realtime/reviews")[0] == 200
    status, body, headers = api.post("/realtime/reviews")
    assert (status, body["error"]["type"], headers["Retry-After"]) == (503, "Throttled", "7")
