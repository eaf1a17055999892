"""Build and parse bodies of Bedrock's model families."""

from __future__ import annotations

from typing import Any

import pytest

from inference_common import bedrock_bodies, errors
from inference_common.requests import InferenceRequest

GIVEN = {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop_sequences": ["END"], "system": "be brief"}


@pytest.mark.parametrize(
    ("model", "sent", "answer", "text", "stop"),
    [
        (
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            {
                "anthropic_version": "bedrock-2023-05-31",
                "max_tokens": 9,
                "messages": [{"role": "user", "content": "hello"}],
                "system": "be brief",
                "temperature": 0.5,
                "top_p": 0.9,
                "stop_sequences": ["END"],
            },
            {
                "content": [{"type": "text", "text": "hi"}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 1, "output_tokens": 2},
            },
            "hi",
            "end_turn",
        ),
        (
            "amazon.nova-lite-v1:0",
            {
                "messages": [{"role": "user", "content": [{"text": "hello"}]}],
                "system": [{"text": "be brief"}],
                "inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]},
            },
            {"output": {"message": {"content": [{"text": "hi"}]}}, "stopReason": "max_tokens"},
            "hi",
            "max_tokens",
        ),
        (
            "amazon.titan-text-express-v1",
            {
                "inputText": "be brief\nhello",
                "textGenerationConfig": {
                    "maxTokenCount": 9,
                    "temperature": 0.5,
                    "topP": 0.9,
                    "stopSequences": ["END"],
                },
            },
            {
                "inputTextTokenCount": 1,
                "results": [{"tokenCount": 1, "outputText": "hi", "completionReason": "LENGTH"}],
            },
            "hi",
            "max_tokens",
        ),
        (
            "meta.llama3-8b-instruct-v1:0",
            {"prompt": "be brief\nhello", "max_gen_len": 9, "temperature": 0.5, "top_p": 0.9},
            {"generation": "hi", "prompt_token_count": 1, "generation_token_count": 1, "stop_reason": "stop"},
            "hi",
            "end_turn",
        ),
        (
            "mistral.mistral-7b-instruct-v0:2",
            {"prompt": "be brief\nhello", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["END"]},
            {"outputs": [{"text": "hi", "stop_reason": "length"}]},
            "hi",
            "max_tokens",
        ),
    ],
)
def test_families_of_bedrock(model: str, sent: Any, answer: Any, text: str, stop: str) -> None:
    module = bedrock_bodies
    family = module.of(model)
    assert family.write("hello", InferenceRequest(("hello",), GIVEN)) == sent
    returned = module.read_answer(family, answer)
    assert (returned.text, returned.stop) == (text, stop)
    malformed: tuple[Any, ...] = ({}, [], None, {"results": []}, {"content": 1}, {"generation": 1})
    for broken in malformed:
        with pytest.raises(errors.MalformedAnswer):
            module.read_answer(family, broken)


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(errors.BadRequest, match=r"of no family that InvokeModel is known for \(anthropic\."):
        bedrock_bodies.of("arn:aws:bedrock:us-east-1:1:application-inference-profile/x")
