"""The serving contract: what is accepted, what is refused and how."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture(scope="module")
def inference(load_job: Any) -> Any:
    return load_job("inference/inference.py")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
@pytest.mark.parametrize("body", ['{"inputs": ["a", "b"]}', b'{"inputs": ["a", "b"], "parameters": {}}'])
def test_a_request_is_its_texts(inference: Any, body: Any, content_type: str) -> None:
    assert inference.input_fn(body, content_type) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "body is not JSON"),
        (b"\xff", "body is not JSON"),
        ("[]", "'inputs' must be a list of 1 to 100 strings"),
        ('{"inputs": "a"}', "'inputs' must be a list of 1 to 100 strings"),
        (json.dumps({"inputs": ["a"] * 101}), "'inputs' must be a list of 1 to 100 strings"),
        ('{"inputs": ["a", 1]}', r"'inputs\[1\]' must be a string of 1 to 20000 characters"),
        ('{"inputs": [""]}', r"'inputs\[0\]' must be a string of 1 to 20000 characters"),
    ],
)
def test_a_bad_request_is_a_sentence(inference: Any, body: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inference.input_fn(body, "application/json")


def test_another_content_type_is_refused(inference: Any) -> None:
    with pytest.raises(ValueError, match="content type must be application/json, got 'text/csv'"):
        inference.input_fn("a,b", "text/csv")


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html, application/json;q=0.9"])
def test_the_answer_is_json(inference: Any, accept: str) -> None:
    assert inference.output_fn({"outputs": []}, accept) == ('{"outputs": []}', "application/json")


def test_another_accepted_type_is_refused(inference: Any) -> None:
    with pytest.raises(ValueError, match="only application/json can be returned, 'text/csv' was asked for"):
        inference.output_fn({}, "text/csv")
