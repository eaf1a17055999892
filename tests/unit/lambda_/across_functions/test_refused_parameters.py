"""Parameters that a target does not accept are refused by name, before anything is called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference_common import containers
from inference_common.requests import InferenceRequest
from tests.unit.lambda_.support.router import Setup
from tests.unit.lambda_.support.router_requests import FORMATS, GUARDRAIL, RECORDS, use


@pytest.mark.parametrize(
    ("name", "given", "refusal"),
    [
        ("ep-jsonlines", {"input": "mark"}, "unknown parameter 'input'; known are max_tokens, temperature"),
        ("ep-messages", {"messages": []}, "unknown parameter 'messages'; known are max_tokens"),
        ("ep-messages", {"n": 5}, "unknown parameter 'n'"),
        ("ep-text", {"grammar": {"value": "mark"}}, "unknown parameter 'grammar'"),
        ("ep-csv", {"max_tokens": 5}, "unknown parameter 'max_tokens'; this model takes none"),
        ("converse", {"inferenceConfig": {"maxTokens": 10**6}}, "unknown parameter 'inferenceConfig'"),
        ("converse", {"temperature": "mark"}, "'temperature' must be a number"),
        ("converse", {"max_tokens": True}, "'max_tokens' must be an integer from 1"),
        ("converse", {"max_tokens": 5, "maxTokens": 6}, "'maxTokens' is given twice, under different names"),
        ("converse", {"stop": [{"text": "mark"}]}, "'stop' must be a string or a list"),
        ("meta.llama", {"stop_sequences": ["x"]}, "unknown parameter 'stop_sequences'"),
        ("agent", {"max_tokens": 5}, "unknown parameter 'max_tokens'; this model takes none"),
    ],
)
def test_a_parameter_that_a_target_does_not_accept_is_refused_by_name(
    setup: Setup, name: str, given: dict[str, Any], refusal: str
) -> None:
    one = {**RECORDS[name], "kind": "realtime", "guardrail": GUARDRAIL}
    one["targets"] = [{"name": "p", **one["targets"][0]}]
    aws = use(setup.modules, setup, one, failing=False)
    body = {"inputs": ["hi"], "parameters": given}
    status, _, answer = setup.call("/realtime/{blueprint}", body, pathParameters={"blueprint": "asked"})
    assert (status, answer["error"]["type"]) == (400, "BadRequest")
    assert refusal in answer["error"]["message"]
    assert aws.calls == []
    assert "hi" not in aws.checked or "twice" in refusal, "refused before anything is paid for"


PLACES = {"messages": "messages", "jsonlines": "input", "csv": None}
"""Fields of the texts, if not `inputs`."""


def test_an_encoder_never_lets_a_parameter_replace_the_texts() -> None:
    """The last line of defence, below the check of names."""
    given = dict.fromkeys(("input", "inputs", "messages", "details", "n"), "evil")
    for name in FORMATS:
        sent = containers.of(name).encode(["hi"], InferenceRequest(("hi",), given))
        place = PLACES.get(name, "inputs")
        texts = json.dumps(json.loads(sent)[place]) if place else sent.decode()
        assert "hi" in texts
        assert "evil" not in texts
