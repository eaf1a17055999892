"""The probe of a Bedrock model."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from orchestrator.core.types import Json
from tests.fakes.aws import FakeCloud
from tests.unit.orchestrator.smoke.conftest import CHAT, PROFILE, STAND_IN, converse_answer, probe, with_golden


def test_a_text_without_the_expected_words_is_red(cloud: FakeCloud) -> None:
    result = probe(cloud, with_golden(CHAT, {"input": "Hi", "contains": "goodbye"}))["chat", "bedrock-direct"]
    assert (result.status, result.detail) == ("failed", 'the text must contain `goodbye`, got `"Hello there."`')


def test_an_empty_expectation_takes_any_text_but_no_empty_one(cloud: FakeCloud) -> None:
    any_text = with_golden(CHAT, {"input": "Hi", "contains": ""})
    assert probe(cloud, any_text)["chat", "bedrock-direct"].status == "ok"
    cloud.services["bedrock-runtime"]["converse"] = converse_answer("  ")
    assert "non-empty" in probe(cloud, any_text)["chat", "bedrock-direct"].detail


@pytest.mark.parametrize(
    ("model", "body", "answer"),
    [
        ("amazon.titan-embed-text-v2:0", {"inputText": "Hi", "dimensions": 2}, {"embedding": [0.5, 1]}),
        (
            "cohere.embed-english-v3",
            {"texts": ["Hi"], "input_type": "search_query"},
            {"embeddings": [[0.5, 1]]},
        ),
        (
            "cohere.embed-english-v3",
            {"texts": ["Hi"], "input_type": "search_query"},
            {"embeddings": {"float": [[1, 2]]}},
        ),
    ],
)
def test_an_embedding_model_is_not_conversed_with(cloud: FakeCloud, model: str, body: Json, answer: Json) -> None:
    def invoke(**given: Any) -> Json:
        assert (given["modelId"], json.loads(given["body"])) == (PROFILE, body)
        return {"body": io.BytesIO(json.dumps(answer).encode()), "ResponseMetadata": {"HTTPHeaders": STAND_IN}}

    cloud.services["bedrock-runtime"] = {"invoke_model": invoke}
    parameters = {name: value for name, value in body.items() if name in ("dimensions", "input_type")}
    vectors = {**CHAT, "model": {"source": "bedrock", "model_id": model}, "parameters": parameters}
    result = probe(cloud, with_golden(vectors, {"input": "Hi", "length": 2}))["chat", "bedrock-direct"]
    assert (result.status, result.fidelity, result.detail) == ("ok", "stand-in", "2 numbers")
    result = probe(cloud, with_golden(vectors, {"input": "Hi", "length": 3}))["chat", "bedrock-direct"]
    assert (result.status, result.detail) == ("failed", "`embedding` must have 3 numbers, got 2")
