"""Call knowledge bases and agents, with botocore's own response parsing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EventStreamError
from botocore.stub import ANY, Stubber

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_routing import request_parameters, routes
from inference_routing.clients import assistants, bedrock
from inference_routing.deadline import Deadline
from tests.unit.lambda_.support.clients import use_client

KEYS: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2"
PLACE = {"location": {"type": "S3", "s3Location": {"uri": "s3://b/data/knowledge/chat/a.pdf"}}}
CITED = [{"retrievedReferences": [{"content": {"text": "secret"}, **PLACE}, PLACE]}]


@pytest.fixture
def deadline() -> Any:
    return Deadline.after(20, time.monotonic)


@pytest.fixture
def stubber() -> Stubber:
    client = boto3.client("bedrock-agent-runtime", **KEYS)
    use_client("bedrock-agent-runtime", client)
    stub = Stubber(client)
    stub.activate()
    return stub


def target(**more: Any) -> Any:
    """Return a target as a route record describes it."""
    own = {"name": "primary", "model_id": PROFILE, "base_model_id": "amazon.nova-lite-v1:0", "weight": 1, **more}
    record = {"blueprint": "chat", "kind": "realtime", "source": "bedrock", "targets": [own]}
    return routes.parse_route("chat", json.dumps(record)).targets[0]


def base() -> Any:
    return target(api="knowledge_base", knowledge_base_id="KB12345678", results=3)


def agent() -> Any:
    return target(api="agent", agent_id="AG12345678", agent_alias_id="AL12345678")


def ask(deadline: Any, place: Any, *texts: str, **more: Any) -> Any:
    request = InferenceRequest(texts, more.pop("parameters", {}), **more)
    return bedrock.BedrockBackend().invoke(place, request, deadline, {})


def requested(text: str, **more: Any) -> dict[str, Any]:
    config = {
        "knowledgeBaseId": "KB12345678",
        "modelArn": PROFILE,
        "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 3}},
        **more,
    }
    return {
        "input": {"text": text},
        "retrieveAndGenerateConfiguration": {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": config},
    }


def generated(text: str, citations: Any = ()) -> dict[str, Any]:
    return {"output": {"text": text}, "citations": list(citations), "sessionId": "s-1"}


def test_a_knowledge_base_answers_with_its_sources_and_not_their_text(deadline: Any, stubber: Stubber) -> None:
    settings = {"maxTokens": 50, "temperature": 0.1}
    config = {"inferenceConfig": {"textInferenceConfig": settings}}
    stubber.add_response(
        "retrieve_and_generate", generated("42", CITED), requested("How?", generationConfiguration=config)
    )
    reply = ask(deadline, base(), "How?", parameters={"max_tokens": 50, "temperature": 0.1})
    assert reply.outputs == [{"text": "42", "sources": ["s3://b/data/knowledge/chat/a.pdf"]}]
    assert reply.model == {"model_id": PROFILE, "knowledge_base_id": "KB12345678"}
    assert reply.usage is None


@pytest.mark.usefixtures("one_call_at_a_time")
def test_every_input_is_a_query_and_a_conversation_is_one_query(deadline: Any, stubber: Stubber) -> None:
    for text in ("one", "two"):
        stubber.add_response("retrieve_and_generate", generated(text.upper()), requested(text))
    assert [each["text"] for each in ask(deadline, base(), "one", "two").outputs] == ["ONE", "TWO"]
    turns = (("user", "Hi"), ("assistant", "Hello"), ("user", "How?"))
    stubber.add_response("retrieve_and_generate", generated("x"), requested("user: Hi\nassistant: Hello\nuser: How?"))
    assert ask(deadline, base(), "How?", turns=turns).outputs[0]["text"] == "x"


@pytest.mark.parametrize(
    ("place", "name", "reported"),
    [(base, "system", "'system'; known are max_tokens"), (agent, "max_tokens", "'max_tokens'; this model takes none")],
)
def test_parameters_without_effect_are_refused(place: Any, name: str, reported: str) -> None:
    with pytest.raises(errors.BadRequest, match=reported) as raised:
        request_parameters.prepared(place(), InferenceRequest(("x",), {name: 5}))
    assert raised.value.param == name


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", errors.Throttled),
        ("ResourceNotFoundException", errors.NotReady),
        ("DependencyFailedException", errors.Unavailable),
        ("BadGatewayException", errors.Unavailable),
        ("ValidationException", errors.BadRequest),
        ("AccessDeniedException", errors.InternalError),
    ],
)
def test_failures_are_translated_as_elsewhere(
    deadline: Any, stubber: Stubber, code: str, expected: type[errors.ServiceError]
) -> None:
    for operation, place in (("retrieve_and_generate", base), ("invoke_agent", agent)):
        stubber.add_client_error(operation, code, "why")
        with pytest.raises(expected):
            ask(deadline, place(), "x")


def stream(*events: Any) -> Iterator[Any]:
    for event in events:
        if isinstance(event, Exception):
            raise event
        yield event


def returned(text: str, **more: Any) -> dict[str, Any]:
    return {"chunk": {"bytes": text.encode(), **more}}


def answered(*events: Any) -> dict[str, Any]:
    return {"completion": stream(*events), "contentType": "application/json", "sessionId": "s"}


def invoked(text: str, **more: Any) -> dict[str, Any]:
    return {"agentId": "AG12345678", "agentAliasId": "AL12345678", "sessionId": ANY, "inputText": text, **more}


def fake_agent(*events: Any) -> list[dict[str, Any]]:
    """Return a client that streams these events, which the stub cannot do."""
    calls: list[dict[str, Any]] = []

    class Client:
        def invoke_agent(self, **given: Any) -> dict[str, Any]:
            calls.append(given)
            return answered(*events)

    use_client("bedrock-agent-runtime", Client())
    return calls


def test_an_agent_streams_its_answer_and_gets_the_conversation(deadline: Any) -> None:
    calls = fake_agent(
        returned("Your order "), {"trace": {}}, returned("is on its way.", attribution={"citations": CITED})
    )
    turns = (("user", "Hi"), ("assistant", "Hello"), ("user", "Where is it?"))
    reply = ask(deadline, agent(), "Where is it?", turns=turns)
    assert reply.outputs == [{"text": "Your order is on its way.", "sources": ["s3://b/data/knowledge/chat/a.pdf"]}]
    assert reply.model == {"model_id": PROFILE, "agent": "AG12345678/AL12345678"}
    messages = [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "Hello"}]},
    ]
    state = {"conversationHistory": {"messages": messages}}
    assert calls == [{**invoked("Where is it?", sessionState=state), "sessionId": calls[0]["sessionId"]}]
    Stubber(boto3.client("bedrock-agent-runtime", **KEYS)).add_response(
        "invoke_agent", {"completion": {}, "contentType": "x", "sessionId": "s-1"}, calls[0]
    )  # the request is valid in botocore's service model


def test_each_input_to_an_agent_is_a_separate_session(deadline: Any) -> None:
    calls: list[dict[str, Any]] = []

    class Client:
        def invoke_agent(self, **given: Any) -> dict[str, Any]:
            calls.append(given)
            return answered(returned("ok"))

    use_client("bedrock-agent-runtime", Client())
    ask(deadline, agent(), "one", "two")
    assert len({each["sessionId"] for each in calls}) == 2


def test_an_agent_that_fails_in_its_stream(deadline: Any) -> None:
    throttled = EventStreamError({"Error": {"Code": "throttlingException", "Message": "why"}}, "InvokeAgent")
    fake_agent(throttled)
    with pytest.raises(errors.Throttled):
        ask(deadline, agent(), "x")
    fake_agent(returned("Your "), throttled)
    with pytest.raises(errors.AnswerCutOff):
        ask(deadline, agent(), "x")
    fake_agent(ConnectionClosedError(endpoint_url="u"))
    with pytest.raises(errors.AnswerCutOff):
        ask(deadline, agent(), "x")
    fake_agent({"chunk": {"bytes": b"\xff"}})
    with pytest.raises(errors.MalformedAnswer):
        ask(deadline, agent(), "x")


def test_an_error_of_the_stream_keeps_its_code() -> None:
    error = assistants.broken_off(ClientError({"Error": {"Code": "x"}}, "InvokeAgent"), False, "agent a")
    assert isinstance(error, errors.InternalError)


@pytest.mark.parametrize("more", [{"api": "knowledge_base"}, {"api": "agent", "agent_id": "A"}, {"api": "telepathy"}])
def test_a_record_without_an_assistant_is_malformed(more: dict[str, str]) -> None:
    with pytest.raises(errors.InternalError, match="the route record of 'chat' is broken"):
        target(**more)


def test_the_breaker_is_of_the_assistant_and_not_of_its_model() -> None:
    assert len({base().key, agent().key, target().key}) == 3


def test_a_character_split_between_two_chunks_is_decoded(deadline: Any) -> None:
    raw = "Grüße 😀".encode()
    for cut in range(len(raw) + 1):
        pieces = [{"chunk": {"bytes": part}} for part in (raw[:cut], raw[cut:])]
        fake_agent(*pieces)
        assert ask(deadline, agent(), "x").outputs == [{"text": "Grüße 😀", "sources": []}]


def test_an_agent_s_answer_that_is_not_text_is_malformed(deadline: Any) -> None:
    fake_agent({"chunk": {"bytes": b"caf\xe9"}})
    with pytest.raises(errors.MalformedAnswer, match=r"the agent's answer is not UTF-8 \(byte 4\)"):
        ask(deadline, agent(), "x")
