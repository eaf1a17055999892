"""Invalid definitions are rejected with a message, without effect on other state machines."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.stepfunctions.malformed import GOOD, made
from tests.support.compute import wait_for

pytestmark = pytest.mark.emulator

ROLE = "arn:aws:iam::123456789012:role/definitions"
SEED, COUNT, AT_ONCE = 20261201, 200, 4
LASTING = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Tell"},
        "Tell": {"Type": "Pass", "Parameters": {"waited.$": "$.seconds"}, "End": True},
    },
}


@pytest.fixture
def states(aws: Any) -> Any:
    return aws("stepfunctions", max_pool_connections=2 * AT_ONCE)


def create(states: Any, definition: Any) -> str:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    name = f"m-{uuid.uuid4().hex[:8]}"
    return str(states.create_state_machine(name=name, definition=text, roleArn=ROLE)["stateMachineArn"])


def start(states: Any, machine: str, **given: Any) -> str:
    return str(states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"])


def ended(states: Any, execution: str) -> str:
    described = wait_for(
        lambda: states.describe_execution(executionArn=execution), until=lambda each: each["status"] != "RUNNING"
    )
    return str(described["status"])


def test_two_hundred_faulty_definitions_are_rejected_without_side_effects(states: Any) -> None:
    good, lasting = create(states, GOOD), create(states, LASTING)
    running = start(states, lasting, seconds=1)
    ask = _asking(states, good)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = threads.map(ask, range(COUNT), made(SEED, COUNT))
        during = [start(states, good, given=1) for _ in range(5)]
        accepted = [name for name, diagnostics in answers if not diagnostics]
    assert accepted == []
    assert [ended(states, execution) for execution in during] == ["SUCCEEDED"] * 5
    assert ended(states, start(states, create(states, GOOD), given=1)) == "SUCCEEDED"
    assert ended(states, running) == "SUCCEEDED"
    assert json.loads(states.describe_state_machine(stateMachineArn=good)["definition"]) == GOOD


def _asking(states: Any, good: str) -> Callable[[int, tuple[str, str]], tuple[str, str]]:
    """Return a function that calls each operation in turn and returns the fault's name with its diagnostics."""

    def ask(number: int, faulty: tuple[str, str]) -> tuple[str, str]:
        name, text = faulty
        if number % 3 == 0:
            answer = states.validate_state_machine_definition(definition=text)
            return name, str(answer["diagnostics"]) if answer["result"] == "FAIL" else ""
        try:
            if number % 3 == 1:
                create(states, text)
            else:
                states.update_state_machine(stateMachineArn=good, definition=text)
        except ClientError as error:
            response = error.response
            assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (
                "InvalidDefinition",
                400,
            )
            return name, response["Error"]["Message"]
        return name, ""

    return ask


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"QueryLanguage": "JSONata", "Output": "{% 1 + 1 %}"},
            "'SCHEMA_VALIDATION_FAILED: the local AWS does not run JSONata, and so does not accept the definition; "
            "AWS does at /States/A'",
        ),
        ({"Assign": {"x": 1}}, "the local AWS does not run `Assign`.* at /States/A"),
        ({"Parameters": {"x.$": "$known"}}, r"the local AWS does not run variables \(\$known\)"),
        ({"InputPath": "$.a["}, r"'\$\.a\[' must be a valid JSONPath at /'"),
        ({"Parameters": {"x.$": "States.Sing('a')"}}, "must be a valid intrinsic function call"),
        ({"Parameters": {"x.$": 5}}, r"The value for the field 'x\.\$' must be a valid JSONPath .* at /States/A/Para"),
        ({"End": False}, "'MISSING_TRANSITION_TARGET: Missing 'Next' or 'End' at /States/A'"),
        ({"Next": "B"}, "'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next'"),
        ({"Colour": 1}, "'SCHEMA_VALIDATION_FAILED: line 1:.*Colour"),
    ],
)
def test_a_definition_is_rejected_with_a_message(states: Any, state: dict[str, Any], message: str) -> None:
    ends = {} if "Next" in state else {"End": True}
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", **ends, **state}}})
    with pytest.raises(ClientError, match=f"Invalid State Machine Definition: .*{message}"):
        create(states, definition)


def test_an_unknown_token_is_rejected_by_name(states: Any) -> None:
    with pytest.raises(ClientError) as refused:
        states.send_task_success(taskToken="unknown", output="{}")
    response = refused.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidToken", 400)
