"""Callers of a deployed stage: Lambda authorizers, keys that they name, signed requests."""

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

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.support.process import Emulator

pytestmark = pytest.mark.emulator

BACKEND = """
import json
def handler(event, context):
    about = event["requestContext"]
    seen = {"authorizer": about.get("authorizer"), "identity": about["identity"], "resource": event["resource"],
            "parameters": event["pathParameters"], "method": event["httpMethod"]}
    return {"statusCode": 200, "body": json.dumps(seen)}
"""
AUTHORIZER = """
events = []
def handler(event, context):
    events.append(event)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = event.get("authorizationToken") or headers.get("x-token") or ""
    kind, _, key = token.partition(":")
    if kind == "none":
        raise Exception("Unauthorized")
    if kind == "crash":
        raise ValueError("no parameters today")
    if kind == "nonsense":
        return {"principalId": "p"}
    statement = {"Effect": "Deny" if kind == "deny" else "Allow", "Action": "execute-api:Invoke",
                 "Resource": event["methodArn"] if kind != "elsewhere" else event["methodArn"] + "/below"}
    context = {"blueprints": "chat", "count": 2, "yes": True, "calls": len(events), "type": event["type"],
               "body": "body" in event}
    if kind == "list":
        context["blueprints"] = ["chat"]
    answer = {"principalId": "team-a", "context": context,
              "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    return {**answer, "usageIdentifierKey": key} if key else answer
"""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass
class Api:
    id: str
    url: str
    key: str
    authorizer: str
    name: str

    def ask(
        self, path: str = "/things/one", *, verb: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, Any, str | None]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, sent, method=verb)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer), None
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), error.headers["x-amzn-ErrorType"]


def make_function(aws: Any, name: str, code: str) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", code)
    document = {"Version": "2012-10-17", "Statement": [TRUST]}
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


def uri(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


@pytest.fixture(scope="module")
def build(aws: Any, emulator: Emulator) -> Callable[..., Api]:
    """An API with `GET /things/{name}` and `/things`, whose methods have an authorizer."""

    def make(
        *,
        authorization: str = "CUSTOM",
        source: str = "context.identity.sourceIp",
        ttl: int = 0,
        kind: str = "REQUEST",
        keyed: bool = False,
        permit: bool = True,
        validation: str = "",
    ) -> Api:
        gateway, name = aws("apigateway"), f"callers-{uuid.uuid4().hex[:8]}"
        backend, function = make_function(aws, name, BACKEND), make_function(aws, f"{name}-auth", AUTHORIZER)
        api = gateway.create_rest_api(name=name, apiKeySource="AUTHORIZER")["id"]
        authorizer = gateway.create_authorizer(
            restApiId=api,
            name="auth",
            type=kind,
            authorizerUri=uri(function),
            identitySource=source,
            authorizerResultTtlInSeconds=ttl,
            **({"identityValidationExpression": validation} if validation else {}),
        )["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        things = gateway.create_resource(restApiId=api, parentId=root, pathPart="things")["id"]
        thing = gateway.create_resource(restApiId=api, parentId=things, pathPart="{name}")["id"]
        for resource in (things, thing):
            at = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
            options = {"authorizerId": authorizer} if authorization == "CUSTOM" else {}
            gateway.put_method(**at, authorizationType=authorization, apiKeyRequired=keyed, **options)
            gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri(backend))
        gateway.create_deployment(restApiId=api, stageName="v1")
        arn = f"arn:aws:execute-api:us-east-1:123456789012:{api}"
        for who, source_arn in ((name, f"{arn}/*/GET/things*"), (f"{name}-auth", f"{arn}/authorizers/{authorizer}")):
            if permit or who == name:
                aws("lambda").add_permission(
                    FunctionName=who,
                    StatementId="api",
                    Action="lambda:InvokeFunction",
                    Principal="apigateway.amazonaws.com",
                    SourceArn=source_arn,
                )
        key = gateway.create_api_key(name=name, enabled=True)
        plan = gateway.create_usage_plan(
            name=name,
            apiStages=[{"apiId": api, "stage": "v1"}],
            throttle={"rateLimit": 0.001, "burstLimit": 2},
        )["id"]
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        return Api(api, f"{emulator.endpoint}/restapis/{api}/v1/_user_request_", key["value"], authorizer, name)

    return make


@pytest.fixture(scope="module")
def api(build: Callable[..., Api]) -> Api:
    return build()


def test_the_authorizer_runs_and_its_context_reaches_the_function(api: Api) -> None:
    status, body, _ = api.ask(x_token="allow")
    assert status == 200
    assert (body["resource"], body["parameters"], body["method"]) == ("/things/{name}", {"name": "one"}, "GET")
    context = body["authorizer"]
    assert isinstance(context.pop("integrationLatency"), int)
    assert context.pop("calls")
    assert context == {
        "principalId": "team-a",
        "blueprints": "chat",
        "count": "2",
        "yes": "true",
        "type": "REQUEST",
        "body": "false",
    }, "all values of the context are texts"


DENIED = {"message": "User is not authorized to access this resource with an explicit deny"}


@pytest.mark.parametrize(
    ("token", "status", "body", "error_type"),
    [
        ("none", 401, {"message": "Unauthorized"}, "UnauthorizedException"),
        ("deny", 403, DENIED, "AccessDeniedException"),
        ("elsewhere", 403, {"message": "User is not authorized to access this resource"}, "AccessDeniedException"),
        ("crash", 500, {"message": None}, "AuthorizerFailureException"),
        ("nonsense", 500, {"message": None}, "AuthorizerConfigurationException"),
        ("list", 500, {"message": None}, "AuthorizerConfigurationException"),
    ],
)
def test_the_authorizer_s_verdict_becomes_aws_s_refusal(
    api: Api, token: str, status: int, body: Any, error_type: str
) -> None:
    assert api.ask(x_token=token) == (status, body, error_type)


def test_a_missing_identity_source_is_refused_without_a_call(build: Callable[..., Api]) -> None:
    api = build(source="method.request.header.X-Token, method.request.querystring.q")
    assert api.ask(x_token="crash") == (401, {"message": "Unauthorized"}, "UnauthorizedException")
    assert api.ask("/things/one?q=", x_token="crash")[0] == 401
    assert api.ask("/things/one?q=1", x_token="allow")[0] == 200


def calls(api: Api, token: str) -> int:
    """Return how often the authorizer had run when it gave the verdict on this request."""
    return int(api.ask(x_token=token)[1]["authorizer"]["calls"])


def test_verdicts_are_cached_per_identity_and_evaluated_per_method(build: Callable[..., Api]) -> None:
    api = build(source="method.request.header.X-Token", ttl=300)
    first = calls(api, "allow")
    assert calls(api, "allow") == first
    assert api.ask("/things", x_token="allow")[0] == 403, "the cached policy is for another method"
    assert calls(api, "allow:other") == first + 1


def test_without_a_ttl_every_request_calls_the_authorizer(api: Api) -> None:
    before = calls(api, "allow")
    assert calls(api, "allow") == before + 1


def test_a_token_authorizer_gets_the_token_alone(build: Callable[..., Api]) -> None:
    api = build(kind="TOKEN", source="method.request.header.Authorization", validation="allow:[a-z]+")
    assert api.ask(Authorization="allow:x")[1]["authorizer"]["type"] == "TOKEN"
    assert api.ask(Authorization="allow:1")[0] == 401, "the expression does not match"


def test_without_the_function_s_permission_every_request_fails(build: Callable[..., Api]) -> None:
    refused = (500, {"message": None}, "AuthorizerConfigurationException")
    assert build(permit=False).ask(x_token="allow") == refused


def test_the_authorizer_names_the_key_and_its_plan_counts(build: Callable[..., Api]) -> None:
    api = build(keyed=True)
    forbidden = (403, {"message": "Forbidden"}, "ForbiddenException")
    assert api.ask(x_token="allow", x_api_key=api.key) == forbidden, "the header is not where keys come from"
    assert api.ask(x_token="allow:unknown") == forbidden
    status, body, _ = api.ask(x_token=f"allow:{api.key}")
    assert (status, body["identity"]["apiKey"]) == (200, api.key)
    assert [api.ask(x_token=f"allow:{api.key}")[0] for _ in range(2)] == [200, 429]


def test_an_authorizer_changes_with_the_next_deployment(build: Callable[..., Api], aws: Any) -> None:
    api = build()
    aws("apigateway").update_authorizer(
        restApiId=api.id,
        authorizerId=api.authorizer,
        patchOperations=[
            {"op": "replace", "path": "/identitySource", "value": "method.request.header.X-Other"},
        ],
    )
    assert api.ask(x_token="allow")[0] == 200
    deployment = aws("apigateway").create_deployment(restApiId=api.id)["id"]
    aws("apigateway").update_stage(
        restApiId=api.id,
        stageName="v1",
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}],
    )
    assert api.ask(x_token="allow")[0] == 401


# ---- signed requests ---------------------------------------------------------------------------------------------


def signed(api: Api, session: boto3.session.Session, service: str = "execute-api", body: bytes = b"") -> dict[str, Any]:
    request = AWSRequest("GET", f"{api.url}/things/one", data=body)
    credentials = session.get_credentials()
    assert credentials is not None
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return {name.replace("-", "_"): value for name, value in request.headers.items()}


@pytest.fixture(scope="module")
def iam_api(build: Callable[..., Api]) -> Api:
    return build(authorization="AWS_IAM")


@pytest.fixture(scope="module")
def session_of(aws: Any, iam_api: Api) -> Callable[[str], boto3.session.Session]:
    """Credentials of a role that may call this path of the API."""

    def make(path: str) -> boto3.session.Session:
        name = f"caller-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        resource = f"arn:aws:execute-api:us-east-1:123456789012:{iam_api.id}/v1/GET{path}"
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        aws("iam").put_role_policy(RoleName=name, PolicyName="call", PolicyDocument=policy)
        credentials = aws("sts").assume_role(RoleArn=role, RoleSessionName="caller")["Credentials"]
        return boto3.session.Session(
            credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
        )

    return make


def test_a_signed_request_of_a_permitted_role_reaches_the_function(
    iam_api: Api, session_of: Callable[[str], boto3.session.Session]
) -> None:
    status, body, _ = iam_api.ask(**signed(iam_api, session_of("/things/*")))
    assert status == 200
    assert body["authorizer"] is None
    assert body["identity"]["userArn"].startswith("arn:aws:sts::123456789012:assumed-role/caller-")


def test_a_signature_covers_the_body_and_is_made_with_the_key_s_own_secret(
    iam_api: Api, session_of: Callable[[str], boto3.session.Session]
) -> None:
    session = session_of("/things/*")
    headers = signed(iam_api, session, body=b'{"a": 1}')
    assert iam_api.ask(body=b'{"a": 1}', **headers)[0] == 200
    assert iam_api.ask(body=b'{"a": 2}', **headers)[2] == "InvalidSignatureException"
    credentials = session.get_credentials()
    assert credentials is not None
    forged = boto3.session.Session(credentials.access_key, "another secret", credentials.token)
    assert iam_api.ask(**signed(iam_api, forged))[2] == "InvalidSignatureException"


def test_a_role_that_may_call_something_else_is_denied(
    iam_api: Api, session_of: Callable[[str], boto3.session.Session]
) -> None:
    status, body, error_type = iam_api.ask(**signed(iam_api, session_of("/elsewhere/*")))
    assert (status, error_type) == (403, "AccessDeniedException")
    assert "is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:" in body["message"]


def test_unsigned_wrongly_scoped_and_unknown_signatures_are_refused(iam_api: Api) -> None:
    session = boto3.session.Session("AKIAUNKNOWN", "secret")
    assert iam_api.ask() == (
        403,
        {"message": "Missing Authentication Token"},
        "MissingAuthenticationTokenException",
    )
    assert iam_api.ask(**signed(iam_api, session, "s3"))[2] == "InvalidSignatureException"
    assert iam_api.ask(**signed(iam_api, session))[2] == "UnrecognizedClientException"


def test_a_cognito_authorizer_is_refused_with_the_reason(build: Callable[..., Api]) -> None:
    status, body, _ = build(authorization="COGNITO_USER_POOLS").ask()
    assert (status, body) == (501, {"message": "The local emulator has no COGNITO_USER_POOLS authorizer"})
