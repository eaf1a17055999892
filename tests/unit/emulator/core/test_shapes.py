"""Input is validated against AWS's service models and refused with AWS's messages."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from emulator.core import shapes

SERVICE = botocore.session.Session().get_service_model("bedrock-runtime")
HELLO = {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "hi"}]}]}


def refusal(operation: str = "Converse", **change: Any) -> str | None:
    shape = SERVICE.operation_model(operation).input_shape
    assert shape is not None
    return shapes.refusal(shape, {**HELLO, **change} if operation == "Converse" else change)


def config(**given: Any) -> dict[str, Any]:
    return {"inferenceConfig": given}


def test_valid_input_is_accepted() -> None:
    assert refusal() is None
    assert refusal(**config(temperature=1, topP=0.0, maxTokens=1, stopSequences=["x"]), unknown=1) is None
    assert refusal(additionalModelRequestFields={"any": [float("nan")]}) is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            config(temperature=1.5),
            "Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value less "
            "than or equal to 1",
        ),
        (
            config(maxTokens=0),
            "Value '0' at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater "
            "than or equal to 1",
        ),
        (
            config(stopSequences=["x", ""]),
            "Value '' at 'inferenceConfig.stopSequences.2.member' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1",
        ),
        (
            config(stopSequences=["x"] * 2501),
            "Value at 'inferenceConfig.stopSequences' failed to satisfy constraint: Member must have length less than "
            "or equal to 2500",
        ),
        (
            {"system": [{"text": ""}]},
            "Value '' at 'system.1.member.text' failed to satisfy constraint: Member must have length greater than or "
            "equal to 1",
        ),
        (
            {"messages": [{"role": "robot", "content": []}]},
            "Value 'robot' at 'messages.1.member.role' failed to satisfy constraint: Member must satisfy enum value "
            "set: [user, assistant, system]",
        ),
        (
            {"messages": [{"role": "user"}]},
            "Value null at 'messages.1.member.content' failed to satisfy constraint: Member must not be null",
        ),
    ],
)
def test_invalid_input_gets_the_error_message_of_aws(change: dict[str, Any], error: str) -> None:
    assert refusal(**change) == f"1 validation error detected: {error}"


def test_patterns_and_sizes_are_enforced() -> None:
    message = refusal(modelId="no model!") or ""
    assert message.startswith(
        "1 validation error detected: Value 'no model!' at 'modelId' failed to satisfy constraint: "
    )
    assert "Member must satisfy regular expression pattern" in message
    message = refusal("InvokeModel", modelId="amazon.nova-lite-v1:0", body=bytes(25_000_001)) or ""
    assert message.endswith(
        "Value at 'body' failed to satisfy constraint: Member must have length less than or equal to 25000000"
    )


def test_all_errors_are_reported_at_once() -> None:
    message = refusal(modelId="", **config(temperature=-1, topP=2))
    assert message is not None
    assert message.startswith("4 validation errors detected: ")  # the empty id breaks length and pattern
    assert message.count("; ") == 3


@pytest.mark.parametrize(
    "change",
    [
        config(maxTokens="5"),
        config(maxTokens=True),
        config(temperature=float("nan")),
        {"messages": "hi"},
        {"messages": [{"role": "user", "content": [{"text": "a", "image": {}}]}]},
        {"messages": [{"role": "user", "content": [{}]}]},
    ],
)
def test_a_wrong_type_ends_the_validation(change: dict[str, Any]) -> None:
    with pytest.raises(shapes.WrongType):
        refusal(**change)
