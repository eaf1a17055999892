"""Check conversations for what Bedrock rejects though its service model allows it: blank texts, roles out of order.

Messages are those that users of Bedrock report; the others are marked *assumed*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class InvalidRequest(Exception):
    """An invalid request, with the message of the ValidationException."""


START = "A conversation must start with a user message. Try again with a conversation that starts with a user message."
END = (  # message and models are assumed: models that continue a given beginning accept it
    "The model you are using requires the last turn in the conversation to be a user message. Add a user message to "
    "the conversation and try again."
)
CONTINUES = ("anthropic.", "amazon.nova")
"""Models that accept a conversation that ends with the beginning of their answer."""
MOST_TOKENS = (("amazon.nova-", 10_000), ("amazon.titan-text-premier", 3_000))
"""Tokens of one answer, by the model's documentation or Bedrock's error; other models have no limit here."""


def check(model: str, messages: Sequence[Mapping[str, Any]], system: Sequence[Mapping[str, Any]]) -> None:
    """Reject what Converse rejects. `model` is an id or an ARN that contains it."""
    if not messages:
        raise InvalidRequest("At least one message is required in the conversation.")  # assumed
    for place, block in _texts(messages):
        if not block.strip():
            raise InvalidRequest(
                f"The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try "
                "again."
            )
    for number, prompt in enumerate(system):
        if "text" in prompt and not str(prompt["text"]).strip():
            raise InvalidRequest(  # assumed, after the message for messages
                f"The text field in the SystemContentBlock object at system.{number} is blank. Add text to the text "
                "field, and try again."
            )
    if messages[0]["role"] != "user":
        raise InvalidRequest(START)
    if messages[-1]["role"] == "assistant" and not any(marker in model for marker in CONTINUES):
        raise InvalidRequest(END)


def check_tokens(model: str, requested: Any) -> None:
    most = next((most for marker, most in MOST_TOKENS if marker in model), None)
    if most is not None and isinstance(requested, int) and requested > most:
        raise InvalidRequest(
            f"The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum tokens "
            f"value that is lower than {most}."
        )


def _texts(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for number, message in enumerate(messages):
        if not message["content"]:
            raise InvalidRequest(
                f"The content field in the Message object at messages.{number} is empty. Add a ContentBlock object to "
                "the content field and try again."
            )
        for index, block in enumerate(message["content"]):
            if "text" in block:
                yield f"messages.{number}.content.{index}", str(block["text"])


def check_anthropic(messages: Any, system: Any) -> None:
    """Reject what Anthropic's models reject in a body of InvokeModel."""
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("messages: at least one message is required")
    for number, message in enumerate(messages):
        if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant"):
            raise InvalidRequest(f"messages.{number}.role: Input should be 'user' or 'assistant'")
        _check_blocks("messages", message.get("content"))
    if messages[0]["role"] != "user":
        raise InvalidRequest('messages: first message must use the "user" role')
    if isinstance(system, list):
        _check_blocks("system", system)  # assumed: reported only for messages


def _check_blocks(where: str, content: Any) -> None:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(blocks, list) or not blocks or not all(isinstance(each, Mapping) for each in blocks):
        raise InvalidRequest(f"{where}: content: Input should be a valid list of content blocks")  # assumed
    for block in blocks:
        text = block.get("text") if block.get("type") == "text" else None
        if text == "":
            raise InvalidRequest(f"{where}: text content blocks must be non-empty")
        if isinstance(text, str) and not text.strip():
            raise InvalidRequest(f"{where}: text content blocks must contain non-whitespace text")
