"""The deployed API: which callers are admitted, to which blueprints, and OpenAI's own client through it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import httpx
import openai
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.delivery import wait_for
from tests.support.shared_platform import PREFIX, REGION, Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

BODY = {"inputs": ["a film to remember"]}
DENIED = "User is not authorized to access this resource with an explicit deny"


class Api:
    """Requests to the deployed stage."""

    def __init__(self, deployed: Deployed) -> None:
        api = deployed.outputs("inference")["api"]
        self.gateway = deployed.client("apigateway")
        listed = json.loads(deployed.checkout.orchestrator("keys", "list", "local", "--json").stdout)
        self.key_ids: dict[str, str] = {each["name"]: each["id"] for each in listed}
        self.id = api["rest_api_id"]
        self.url = f"{deployed.endpoint}/restapis/{self.id}/{api['stage_name']}/_user_request_"

    def key(self, name: str) -> str:
        value: str = self.gateway.get_api_key(apiKey=self.key_ids[name], includeValue=True)["value"]
        return value

    def ask(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=data, headers=sent)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=35) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def openai(self, key: str) -> openai.OpenAI:
        """OpenAI's client as it is, told where to go and with what."""
        client = openai.DefaultHttpxClient(trust_env=False)
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, http_client=client)


@pytest.fixture(scope="module")
def api(deployed: Deployed) -> Api:
    return Api(deployed)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# ---- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/realtime/chat", "/v1/chat/completions"])
def test_without_a_key_no_request_is_admitted(api: Api, path: str) -> None:
    status, answer = api.ask(path, BODY)
    assert (status, answer["error"]) == (401, {"type": "Unauthorized", "message": "Unauthorized"})


@pytest.mark.parametrize("headers", [bearer("wrong"), {"x-api-key": "wrong"}])
def test_a_wrong_key_is_refused(api: Api, headers: dict[str, str]) -> None:
    status, answer = api.ask("/realtime/chat", BODY, headers)
    assert (status, answer["error"]) == (403, {"type": "Forbidden", "message": DENIED})


def test_the_default_key_is_valid_for_everything_in_either_header(api: Api) -> None:
    key = api.key("default")
    for headers in (bearer(key), {"x-api-key": key}):
        for blueprint in ("chat", "reviews"):
            status, answer = api.ask(f"/realtime/{blueprint}", BODY, headers)
            assert (status, answer["blueprint"]) == (200, blueprint), answer


def test_the_router_resolves_the_fallback_of_reviews(deployed: Deployed, api: Api) -> None:
    name = f"{deployed.outputs('inference')['routes_prefix']}/reviews"
    record = json.loads(deployed.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    stand_in = {"name": "reviews-serverless", "blueprint": "reviews-serverless", "weight": 0}
    assert record["targets"][1:] == [stand_in]
    headers = {"content-type": "application/json", **bearer(api.key("default"))}
    answer = httpx.Client(trust_env=False).post(f"{api.url}/realtime/reviews", json=BODY, headers=headers, timeout=35)
    assert answer.status_code == 200
    # Whichever target answers, none was skipped.
    assert "skipped=" not in answer.headers["x-route-decision"]


def test_a_key_for_one_blueprint_is_valid_for_that_one(api: Api) -> None:
    key = bearer(api.key("reviews-team"))
    assert api.ask("/realtime/reviews", BODY, key)[0] == 200
    status, answer = api.ask("/realtime/chat", BODY, key)
    assert (status, answer["error"]["type"]) == (403, "Forbidden")
    # A list may be as old as the router's memory of routes, and the platform was deployed a moment ago.
    listed = wait_for(lambda: api.ask("/v1/models", headers=key)[1]["data"], seconds=40)
    assert [model["id"] for model in listed] == ["reviews"]


def test_each_key_has_its_own_plan(api: Api) -> None:
    plans = {plan["name"]: plan for plan in api.gateway.get_usage_plans()["items"]}
    plan = plans[f"{PREFIX}-inference-reviews-team"]
    assert (plan["throttle"], plan["quota"]["limit"]) == ({"rateLimit": 5.0, "burstLimit": 20}, 1000)
    keys = api.gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert [key["id"] for key in keys] == [api.key_ids["reviews-team"]]


def test_keys_carry_the_tags_by_which_they_are_known(api: Api) -> None:
    for key_id in api.key_ids.values():
        tags = api.gateway.get_api_key(apiKey=key_id)["tags"]
        known = {"project": "mlops", "environment": "local", "phase": "inference", "managed-by": "orchestrator"}
        assert tags.items() >= known.items()
        assert {"owner", "cost-center", "expires-at"} <= tags.keys()


def test_no_store_of_the_authorizer_and_no_log_holds_a_key(deployed: Deployed, api: Api) -> None:
    values = [api.key(name) for name in api.key_ids]
    assert api.ask("/realtime/chat", BODY, bearer(values[0]))[0] == 200
    path = "/mlops/local/api-keys"
    records = deployed.client("ssm").get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
    assert {record["Name"].removeprefix(f"{path}/") for record in records} == set(api.key_ids)
    assert {record["Type"] for record in records} == {"SecureString"}
    function = deployed.outputs("inference")["lambda"]["authorizer_name"]
    logs, group = deployed.client("logs"), f"/aws/lambda/{function}"
    lines = [
        event["message"]
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    assert [line for line in lines if '"admitted"' in line], "it logs the principals that it admits"
    texts = [*lines, *(record["Value"] for record in records)]
    assert not [text for text in texts for value in values if value in text]


# ---- OpenAI's client ---------------------------------------------------------------------------------------------


def test_openai_s_client_chats_and_lists_models(api: Api) -> None:
    client = api.openai(api.key("default"))
    answer = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "hello"}])
    assert answer.choices[0].message.content
    assert answer.model == "chat"
    expected = {"chat", "reviews"}
    wait_for(lambda: {model.id for model in client.models.list()}, until=expected.issubset, seconds=40)
    assert client.models.retrieve("chat").id == "chat"


def test_openai_s_client_tells_refusals_apart(api: Api) -> None:
    question: Any = [{"role": "user", "content": "hello"}]
    with pytest.raises(openai.PermissionDeniedError, match="explicit deny"):
        api.openai("wrong").chat.completions.create(model="chat", messages=question)
    with pytest.raises(openai.PermissionDeniedError, match="not valid for the blueprint 'chat'"):
        api.openai(api.key("reviews-team")).chat.completions.create(model="chat", messages=question)
    with pytest.raises(openai.NotFoundError):
        api.openai(api.key("default")).chat.completions.create(model="nothing", messages=question)


@pytest.mark.parametrize("body", [{"model": "chat"}, {"model": "chat", "messages": []}])
def test_a_body_without_messages_is_refused_in_openai_s_form(api: Api, body: Any) -> None:
    status, answer = api.ask("/v1/chat/completions", body, bearer(api.key("default")))
    assert (status, answer["error"]["type"], answer["error"]["param"]) == (400, "invalid_request_error", "messages")


# ---- IAM authentication ----------------------------------------------------------------------------------------------


def signed(api: Api, path: str, credentials: Credentials, body: Any) -> tuple[int, Any]:
    request = AWSRequest("POST", api.url + path, data=json.dumps(body), headers={"content-type": "application/json"})
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return api.ask(path, body, dict(request.headers))


def test_iam_authentication_admits_principals_with_the_permission(deployed: Deployed, api: Api) -> None:
    """Call as a user outside the platform, as another application would; the user is removed again."""
    iam, name = deployed.client("iam"), "caller-of-the-api"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    try:
        assert api.ask("/iam/realtime/chat", BODY)[0] == 403
        assert signed(api, "/iam/realtime/chat", credentials, BODY)[0] == 403
        right = deployed.outputs("inference")["api"]["iam_door_policy_document"]
        iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=right)
        status, answer = signed(api, "/iam/realtime/chat", credentials, BODY)
        assert (status, answer.get("blueprint")) == (200, "chat"), answer
        question = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
        assert signed(api, "/iam/v1/chat/completions", credentials, question)[0] == 200
        assert signed(api, "/realtime/chat", credentials, BODY)[0] == 401, "the paths for keys require a key"
    finally:
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)
