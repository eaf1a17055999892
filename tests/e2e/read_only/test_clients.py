"""What teams have already: OpenAI's client and boto3, unmodified, against the deployed platform.

Only base URL and key of OpenAI's client are of this platform; boto3 gets the address of the local AWS, as any client of
it does.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import openai
import pytest
from botocore.exceptions import ClientError

from tests.support.compute import evidence
from tests.support.faults import fault
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

GOOD, BAD = "Excellent, I love it, great quality.", "Terrible, it broke, the worst waste of money."


@pytest.fixture(scope="module")
def address(deployed: Deployed) -> dict[str, Any]:
    """Return base URL and key as a team receives them."""
    api = deployed.outputs("inference")["api"]
    key = deployed.checkout.orchestrator("keys", "show", "local", "default").stdout.strip()
    url = f"{deployed.endpoint}/restapis/{api['rest_api_id']}/{api['stage_name']}/_user_request_/v1"
    return {"base_url": url, "api_key": key}


@pytest.fixture
def client(address: dict[str, Any]) -> openai.OpenAI:
    # Without the machine's proxies.
    return openai.OpenAI(**address, http_client=openai.DefaultHttpxClient(trust_env=False))


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


# ---- OpenAI's client -------------------------------------------------------------------------------------------------


def test_a_chat_has_an_answer_a_reason_to_end_and_its_tokens_counted(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="chat", messages=user("Tell me of zebrafish and their tank."))
    assert "zebrafish" in (made.choices[0].message.content or "")
    assert (made.choices[0].finish_reason, made.object) == ("stop", "chat.completion")
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 8


def test_the_limit_of_tokens_and_the_system_prompt_arrive(client: openai.OpenAI) -> None:
    conversation: Any = [{"role": "system", "content": "Classify in one word."}, *user(BAD)]
    assert client.chat.completions.create(model="chat", messages=conversation).choices[0].message.content == "negative"
    short = client.chat.completions.create(model="chat", messages=user(GOOD), max_tokens=2)
    assert (short.choices[0].finish_reason, short.usage and short.usage.completion_tokens) == ("length", 2)


@pytest.mark.parametrize(("text", "label"), [(GOOD, "positive"), (BAD, "negative")])
def test_a_classifier_answers_a_chat_with_its_label(client: openai.OpenAI, text: str, label: str) -> None:
    made = client.chat.completions.create(model="reviews", messages=user(text))
    output = json.loads(made.choices[0].message.content or "")
    assert output["label"] == label
    assert 0.5 <= output["score"] <= 1
    assert made.usage is None


def test_a_stream_adds_up_and_ends(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="chat", messages=user(f"Classify in one word: {GOOD}"), temperature=0)
    stream = client.chat.completions.create(
        model="chat",
        messages=user(f"Classify in one word: {GOOD}"),
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    streamed = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert streamed == whole.choices[0].message.content == "positive"
    assert [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason] == ["stop"]
    assert chunks[-1].usage == whole.usage


def test_a_stream_of_a_classifier_is_its_label_too(client: openai.OpenAI) -> None:
    with client.chat.completions.create(model="reviews", messages=user(GOOD), stream=True) as stream:
        streamed = "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
    assert json.loads(streamed)["label"] == "positive"


def test_the_older_completions_take_several_prompts(client: openai.OpenAI) -> None:
    made = client.completions.create(model="reviews", prompt=[GOOD, BAD])
    assert [json.loads(choice.text)["label"] for choice in made.choices] == ["positive", "negative"]
    assert [choice.index for choice in made.choices] == [0, 1]


def test_models_are_the_blueprints(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"chat", "reviews"} <= names
    assert client.models.retrieve("reviews").object == "model"


@pytest.mark.parametrize("model", ["chat", "reviews"])
def test_a_model_without_embeddings_says_so(client: openai.OpenAI, model: str) -> None:
    with pytest.raises(openai.BadRequestError, match="makes no embeddings") as error:
        client.embeddings.create(model=model, input="x")
    assert error.value.param == "model"


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"messages": user("x"), "temperature": 7}, "temperature"),
        ({"messages": user("x"), "logprobs": True}, "logprobs"),
        ({"messages": user("x"), "tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": user("x" * 20_001)}, "messages[0].content"),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_name(client: openai.OpenAI, arguments: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="chat", **arguments)
    assert error.value.param == param
    assert param in error.value.message


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(model="gpt-nothing", messages=user("x"))
    assert (error.value.code, error.value.param) == ("model_not_found", "model")


def test_a_wrong_key_is_a_permission_that_is_missing(address: dict[str, Any]) -> None:
    stranger = openai.OpenAI(
        base_url=address["base_url"], api_key="sk-unknown", http_client=openai.DefaultHttpxClient(trust_env=False)
    )
    with pytest.raises((openai.PermissionDeniedError, openai.AuthenticationError)) as error:
        stranger.models.list()
    assert error.value.status_code == 403
    assert "sk-unknown" not in str(error.value)


def test_the_asynchronous_client_asks_many_at_once(address: dict[str, Any]) -> None:
    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(**address, http_client=openai.DefaultAsyncHttpxClient(trust_env=False)) as client:
            texts = [GOOD, BAD] * 8
            made = [client.chat.completions.create(model="reviews", messages=user(text)) for text in texts]
            return [json.loads(each.choices[0].message.content or "")["label"] for each in await asyncio.gather(*made)]

    assert asyncio.run(ask()) == ["positive", "negative"] * 8


# ---- boto3 -----------------------------------------------------------------------------------------------------------


def invoke(deployed: Deployed, body: bytes, name: str | None = None, **options: Any) -> dict[str, Any]:
    name = name or deployed.outputs("blueprint-reviews")["endpoint_name"]
    answer = deployed.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, ContentType=options.pop("ContentType", "application/json"), Body=body, **options
    )
    return {**answer, "document": json.loads(answer["Body"].read())}


def test_boto3_invokes_the_endpoint(deployed: Deployed) -> None:
    answer = invoke(deployed, json.dumps({"inputs": [GOOD, BAD]}).encode())
    assert [output["label"] for output in answer["document"]["outputs"]] == ["positive", "negative"]
    assert answer["InvokedProductionVariant"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "executed"


def test_boto3_hears_what_the_container_objects_to(deployed: Deployed) -> None:
    with pytest.raises(ClientError) as error:
        invoke(deployed, b"{")
    response: Any = error.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert "body is not JSON" in response["OriginalMessage"]
    with pytest.raises(ClientError, match="not found") as error:
        invoke(deployed, b"{}", name="no-such-endpoint")
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_boto3_converses_through_the_blueprint_s_own_profile(deployed: Deployed) -> None:
    runtime = deployed.client("bedrock-runtime")
    profile = deployed.outputs("blueprint-chat")["inference_profile_arn"]
    conversation = [{"role": "user", "content": [{"text": f"Classify in one word: {BAD}"}]}]
    answer = runtime.converse(modelId=profile, messages=conversation, inferenceConfig={"temperature": 0})
    assert answer["output"]["message"]["content"] == [{"text": "negative"}]
    assert answer["usage"]["outputTokens"] == 1
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "stand-in"
    stream = runtime.converse_stream(modelId=profile, messages=conversation, inferenceConfig={"temperature": 0})
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in stream["stream"] if "contentBlockDelta" in event]
    assert "".join(deltas) == "negative"
    with pytest.raises(ClientError) as error:
        runtime.converse(modelId="no.such-model", messages=conversation)
    assert error.value.response["Error"]["Code"] == "ValidationException"


# ---- faults: through gateway, authorizer and router, on a blueprint that no other test here asks -------------


@pytest.fixture
def profile(deployed: Deployed) -> str:
    arn: str = deployed.outputs("blueprint-chat-serverless")["inference_profile_arn"]
    return arn


def classified(client: openai.OpenAI) -> Any:
    return client.chat.completions.with_raw_response.create(
        model="chat-serverless", messages=user(f"Classify in one word: {GOOD}"), temperature=0
    )


@pytest.mark.parametrize(("kind", "error"), [("throttle", "Throttled"), ("drop-connection", "Unavailable")])
def test_what_passes_is_repeated_by_the_router_and_the_client_sees_answers(
    deployed: Deployed, address: dict[str, Any], profile: str, kind: str, error: str
) -> None:
    impatient = openai.OpenAI(**address, max_retries=0, http_client=openai.DefaultHttpxClient(trust_env=False))
    only = {"action": "Converse", "resource": profile, "every": 2, "count": 3}
    with fault(deployed.endpoint, kind, "bedrock", **only) as armed:
        responses = [classified(impatient) for _ in range(5)]
        assert armed.fired == 3
    assert {each.parse().choices[0].message.content for each in responses} == {"positive"}
    decisions = Counter(each.headers["x-route-decision"] for each in responses)
    assert decisions == {"primary": 2, f"primary; after=primary:{error}": 3}
    # Each hit is on record, under the router's own work.
    hits = [each for each in evidence(deployed.endpoint, kind="fault") if each["detail"]["fault"] == armed.id]
    runs = {each["id"] for each in evidence(deployed.endpoint, kind="lambda")}
    assert len(hits) == 3
    assert {each["parent"] for each in hits} <= runs


def test_garbage_from_a_model_is_an_error_of_the_client_s_own_kind(
    deployed: Deployed, address: dict[str, Any], profile: str
) -> None:
    impatient = openai.OpenAI(**address, max_retries=0, http_client=openai.DefaultHttpxClient(trust_env=False))
    with fault(deployed.endpoint, "malformed", "bedrock", action="Converse", resource=profile, count=1):
        with pytest.raises(openai.APIStatusError, match="holds no message") as error:
            classified(impatient)
        assert (error.value.status_code, error.value.code) == (424, "MalformedAnswer")
        assert classified(impatient).parse().choices[0].message.content == "positive"
