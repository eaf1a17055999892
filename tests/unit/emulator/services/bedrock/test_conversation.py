"""The local Bedrock rejects what Bedrock rejects, in every API for conversations."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.bedrock import families
from emulator.services.bedrock.conversation import InvalidRequest

NOVA, CLAUDE, LLAMA = (
    "amazon.nova-lite-v1:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "meta.llama3-8b-instruct-v1:0",
)
FIRST = {"role": "user", "content": [{"text": "a"}]}


def message(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": [{"text": text}]}


def converse(messages: Any, system: Any = None, model: str = NOVA, **options: Any) -> Any:
    return families.converse_prompt(model, messages, system, options)


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (
            [message("  \n")],
            "ContentBlock object at messages.0.content.0 is blank. Add text to the text field, and try again.",
        ),
        ([FIRST, message("\t", "assistant"), FIRST], "at messages.1.content.0 is blank"),
        ([{"role": "user", "content": [{"text": "a"}, {"text": ""}]}], "at messages.0.content.1 is blank"),
        (
            [{"role": "user", "content": []}],
            "The content field in the Message object at messages.0 is empty. Add a Cont",
        ),
        (
            [message("a", "assistant"), FIRST],
            "A conversation must start with a user message. Try again with a conversation",
        ),
        ([], "At least one message is required"),
        ("hi", "#/messages: expected type: JSONArray"),
    ],
)
def test_converse_rejects_blank_texts_and_conversations_out_of_order(messages: Any, says: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        converse(messages)
    assert says in str(raised.value)
    with pytest.raises(InvalidRequest):
        families.family_of(NOVA).read({"messages": messages})


def test_a_blank_system_text_is_rejected_and_other_blocks_are_not_blank() -> None:
    with pytest.raises(InvalidRequest, match=r"SystemContentBlock object at system\.1 is blank"):
        converse([FIRST], [{"text": "be brief"}, {"text": " "}])
    guarded = {"guardContent": {"text": {"text": "b"}}}
    assert converse([{"role": "user", "content": [{"text": "a"}, guarded]}], [guarded]).turns == ("a\nb",)


def test_only_models_that_continue_a_given_beginning_accept_one() -> None:
    begun = [FIRST, message("It is", "assistant")]
    assert converse(begun).turns == ("a", "It is")
    assert converse(begun, model=CLAUDE).turns == ("a", "It is")
    with pytest.raises(InvalidRequest, match="requires the last turn in the conversation to be a user message"):
        converse(begun, model=LLAMA)


def test_more_tokens_than_the_limit_are_rejected() -> None:
    assert converse([FIRST], maxTokens=10_000).max_tokens == 10_000
    with pytest.raises(InvalidRequest, match=r"exceeds the model limit of 10000\. Try again with a max"):
        converse([FIRST], maxTokens=10_001)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"messages": [{"role": "user", "content": ""}]}, "messages: text content blocks must be non-empty"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages: text content blocks must contain non-whitespace"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "\n"}]}]},
            "messages: text content blocks must contain non-whitespace text",
        ),
        ({"system": [{"type": "text", "text": " "}]}, "system: text content blocks must contain non-whitespace text"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": ["x"]}, "messages.0.role: Input should be"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message must use the"),
        ({"messages": [{"role": "user"}]}, "content: Input should be a valid list"),
        ({"temperature": 1.1}, "temperature must be between 0 and 1"),
        ({"top_p": -1}, "top p must be between 0 and 1"),
        ({"max_tokens": 0}, "max tokens must be at least 1"),
        ({"max_tokens": True}, "max tokens must be at least 1"),
        ({"stop_sequences": "END"}, "stop sequences: expected type: JSONArray"),
    ],
)
def test_anthropic_s_bodies_are_rejected_with_its_messages(change: dict[str, Any], says: str) -> None:
    body = {"anthropic_version": "v", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    assert families.family_of(CLAUDE).read(body).turns == ("hi",)
    with pytest.raises(InvalidRequest) as raised:
        families.family_of(CLAUDE).read({**body, **change})
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (NOVA, {"messages": [FIRST], "inferenceConfig": 3}),
        (NOVA, {"messages": [FIRST], "system": "be brief"}),
        ("amazon.titan-text-express-v1", {"inputText": "a", "textGenerationConfig": []}),
        ("amazon.titan-text-express-v1", {"inputText": "a", "textGenerationConfig": {"stopSequences": [""]}}),
        (LLAMA, {"prompt": ""}),
        (LLAMA, {"prompt": "a", "temperature": "hot"}),
        ("mistral.mistral-7b-instruct-v0:2", {"prompt": "a", "stop": "x"}),
    ],
)
def test_a_malformed_body_is_rejected_and_does_not_crash(model: str, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        families.family_of(model).read(body)
