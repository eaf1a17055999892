"""Call Bedrock, with botocore's own response parsing (Stubber)."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest

from inference_common import errors
from inference_common.requests import InferenceRequest
from inference_routing import routes
from inference_routing.clients import bedrock, guardrails
from inference_routing.deadline import Deadline
from tests.unit.lambda_.support.clients import KEYS, body, stub, use_client


@pytest.fixture
def deadline() -> Any:
    return Deadline.after(20, time.monotonic)


@pytest.mark.usefixtures("one_call_at_a_time")
def test_bedrock_is_called_once_per_input_and_usage_is_summed(deadline: Any) -> None:
    stubber = stub("bedrock-runtime")
    for text in ("one", "two"):
        stubber.add_response(
            "converse",
            {
                "output": {"message": {"role": "assistant", "content": [{"text": text.upper()}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 2, "outputTokens": 3, "totalTokens": 5},
                "metrics": {"latencyMs": 1},
            },
            {
                "modelId": "m",
                "messages": [{"role": "user", "content": [{"text": text}]}],
                "inferenceConfig": {"maxTokens": 5, "topP": 0.5},
                "system": [{"text": "be brief"}],
            },
        )
    parameters = {"max_tokens": 5, "top_p": 0.5, "system": "be brief"}
    reply = bedrock.BedrockBackend().invoke(
        routes.Target("primary", "m"), InferenceRequest(("one", "two"), parameters), deadline, {}
    )
    assert reply.outputs == [{"text": "ONE"}, {"text": "TWO"}]
    assert reply.usage == {"inputTokens": 4, "outputTokens": 6, "totalTokens": 10}
    assert (reply.model, reply.fidelity) == ({"model_id": "m"}, None)


def test_bedrock_parameters_of_a_wrong_type_are_the_caller_s_fault(deadline: Any) -> None:
    # botocore refuses before sending anything, so no stub is needed.
    use_client("bedrock-runtime", boto3.client("bedrock-runtime", **KEYS))
    request = InferenceRequest(("a",), {"max_tokens": "many"})
    with pytest.raises(errors.BadRequest, match="a parameter has a wrong type"):
        bedrock.BedrockBackend().invoke(routes.Target("p", "m"), request, deadline, {})


def test_a_guardrail_gets_one_block_per_text() -> None:
    stubber = stub("bedrock-runtime")
    response = {"usage": usage_of_guardrail(), "action": "NONE", "outputs": [], "assessments": []}
    stubber.add_response(
        "apply_guardrail",
        response,
        {
            "guardrailIdentifier": "g1",
            "guardrailVersion": "2",
            "source": "INPUT",
            "content": [{"text": {"text": "a"}}, {"text": {"text": "b"}}],
        },
    )
    stubber.add_client_error("apply_guardrail", "ThrottlingException")
    judge, guardrail = guardrails.BedrockGuardrails(), routes.Guardrail("g1", "2")
    assert judge.assess(guardrail, "INPUT", ["a", "b"])["action"] == "NONE"
    with pytest.raises(errors.Throttled):
        judge.assess(guardrail, "INPUT", ["a", "b"])


def usage_of_guardrail() -> dict[str, int]:
    policies = ("topic", "content", "word", "sensitiveInformation", "contextualGrounding")
    names = [f"{name}PolicyUnits" for name in policies]
    return {**dict.fromkeys(names, 1), "sensitiveInformationPolicyFreeUnits": 0}


@pytest.mark.usefixtures("one_call_at_a_time")
def test_titan_embeds_one_text_per_call(deadline: Any) -> None:
    stubber = stub("bedrock-runtime")
    for number, text in enumerate(("one", "two")):
        stubber.add_response(
            "invoke_model",
            {"body": body({"embedding": [number, 0.5], "inputTextTokenCount": 3}), "contentType": "application/json"},
            {
                "modelId": "arn",
                "contentType": "application/json",
                "accept": "application/json",
                "body": json.dumps({"inputText": text, "dimensions": 256}).encode(),
            },
        )
    target = routes.Target("p", "arn", source="bedrock", family="amazon.titan-embed-text-v2:0")
    request = InferenceRequest(("one", "two"), {"dimensions": 256}, task="embed")
    reply = bedrock.BedrockBackend().invoke(target, request, deadline, {})
    assert reply.outputs == [{"embedding": [0, 0.5]}, {"embedding": [1, 0.5]}]
    assert reply.usage == {"inputTokens": 6, "outputTokens": 0, "totalTokens": 6}


def test_invoke_model_uses_the_family_s_schema(deadline: Any) -> None:
    stubber = stub("bedrock-runtime")
    answer = {"generation": " hi", "prompt_token_count": 2, "generation_token_count": 1, "stop_reason": "length"}
    expected = {"prompt": "be brief\nhello", "max_gen_len": 5}
    stubber.add_response(
        "invoke_model",
        {"body": body(answer), "contentType": "application/json"},
        {
            "modelId": "arn",
            "contentType": "application/json",
            "accept": "application/json",
            "body": json.dumps(expected).encode(),
        },
    )
    target = routes.Target("p", "arn", source="bedrock", family="meta.llama3-8b-instruct-v1:0", api="invoke")
    request = InferenceRequest(("hello",), {"max_tokens": 5, "system": "be brief"})
    reply = bedrock.BedrockBackend().invoke(target, request, deadline, {})
    assert (reply.outputs, reply.stops) == ([{"text": " hi"}], ("max_tokens",))
    assert reply.usage == {"inputTokens": 2, "outputTokens": 1, "totalTokens": 3}
