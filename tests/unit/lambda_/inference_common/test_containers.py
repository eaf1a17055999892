"""Build and parse payloads of SageMaker containers."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_common import containers, errors
from inference_common.requests import InferenceRequest


@pytest.mark.parametrize(
    ("name", "inputs", "parameters", "sent", "answer", "outputs"),
    [
        (
            "inputs",
            ["a", "b"],
            {"k": 1},
            b'{"inputs": ["a", "b"], "parameters": {"k": 1}}',
            {"outputs": [{"label": "x"}, {"label": "y"}], "model": {"seed": 1}},
            [{"label": "x"}, {"label": "y"}],
        ),
        (
            "text",
            ["a"],
            {"max_tokens": 9, "system": "s"},
            b'{"inputs": "s\\na", "parameters": {"details": true, "max_new_tokens": 9}}',
            [{"generated_text": "hi", "details": {"finish_reason": "length"}}],
            [{"text": "hi"}],
        ),
        (
            "classify",
            ["a", "b"],
            {},
            b'{"inputs": ["a", "b"]}',
            [[{"label": "x", "score": 0.1}, {"label": "y", "score": 0.9}], {"label": "x", "score": 0.8}],
            [{"label": "y", "score": 0.9}, {"label": "x", "score": 0.8}],
        ),
        ("embed", ["a"], {}, b'{"inputs": ["a"]}', [[1, 2.5]], [{"embedding": [1, 2.5]}]),
        (
            "messages",
            ["a"],
            {"max_tokens": 9, "stop_sequences": ["END"], "system": "s"},
            b'{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}], '
            b'"max_tokens": 9, "stop": ["END"]}',
            {
                "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
            },
            [{"text": "hi"}],
        ),
        (
            "csv",
            ["1,2", "3,4"],
            {},
            b"1,2\n3,4",
            b"0.5\n0.25,0.75\n",
            [{"prediction": [0.5]}, {"prediction": [0.25, 0.75]}],
        ),
        (
            "jsonlines",
            ["a", "b"],
            {},
            b'{"input": "a"}\n{"input": "b"}\n',
            b'{"label": "x"}\n0.5\n',
            [{"label": "x"}, {"output": 0.5}],
        ),
    ],
)
def test_formats_of_containers(
    name: str, inputs: list[str], parameters: Any, sent: bytes, answer: Any, outputs: Any
) -> None:
    spoken = containers.of(name)
    assert spoken.encode(inputs, InferenceRequest(tuple(inputs), parameters)) == sent
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    assert spoken.decode(body, len(inputs)).outputs == outputs


def test_stop_reasons_and_usage_are_unified() -> None:
    body = json.dumps([{"generated_text": "hi", "details": {"finish_reason": "length"}}]).encode()
    assert containers.of("text").decode(body, 1).stops == ("max_tokens",)
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    answer = {"choices": [{"message": {"content": "hi"}, "finish_reason": "length"}], "usage": usage}
    part = containers.of("messages").decode(json.dumps(answer).encode(), 1)
    assert (part.stops, part.usage) == (("max_tokens",), {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3})
    del usage["completion_tokens"]
    assert containers.of("messages").decode(json.dumps(answer).encode(), 1).usage is None, "a part is not the whole"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\ud800b", "surrogate"),
        ("a\0b", "NUL"),
        ("1\n2", "one row"),
        ("1\r2", "one row"),
        ('"1', "one row"),
        ('"1"\n', "one row"),
        ("\n", "one row"),
        ('1,"a"b', "one row"),
    ],
)
def test_an_invalid_csv_row_is_refused_by_its_position(text: str, says: str) -> None:
    request = InferenceRequest(("1,2", text))
    with pytest.raises(errors.BadRequest, match=says) as raised:
        containers.of("csv").encode(request.inputs, request)
    assert raised.value.param == "inputs[1]"
    assert not raised.value.transient


@pytest.mark.parametrize("text", ["1,2", '"a\nb",2', '"say ""hi"", twice"', "5'11\" tall", "a\u2028b"])
def test_a_line_end_in_a_quoted_cell_ends_no_row(text: str) -> None:
    request = InferenceRequest((text, "9"))
    sent = containers.of("csv").encode(request.inputs, request).decode()
    assert sent == f"{text}\n9"
    assert len(list(csv.reader(io.StringIO(sent, newline=""), strict=True))) == 2


@pytest.mark.parametrize("spoken", ["inputs", "text", "classify", "messages", "csv", "json", "jsonlines"])
@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (InferenceRequest(("a", "\ud83d")), "inputs[1]"),
        (InferenceRequest(("a",), {"stop_sequences": ["x", "\ud83d"]}), "parameters.stop_sequences[1]"),
        (InferenceRequest(("a",), {"temperature": math.nan}), "parameters.temperature"),
        (InferenceRequest(("a",), {}, (("user", "\0"), ("assistant", "b"), ("user", "a"))), "messages[0].content"),
    ],
)
def test_unreadable_payloads_are_not_sent_to_containers(spoken: str, request_: Any, param: str) -> None:
    with pytest.raises(errors.BadRequest) as raised:
        containers.of(spoken).encode(request_.inputs, request_)
    assert raised.value.param == param


LEAVES = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3)
WORDS = st.sampled_from(
    ["outputs", "model", "generated_text", "details", "label", "score", "choices", "message", "content", "usage"]
)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=8
)


@pytest.mark.parametrize("name", ["inputs", "text", "classify", "embed", "messages", "csv", "json", "jsonlines"])
def test_arbitrary_output_is_a_malformed_answer(name: str) -> None:
    spoken = containers.of(name)

    @given(st.one_of(st.binary(max_size=30), DOCUMENTS.map(dumped)))
    def check(body: bytes) -> None:
        try:
            part = spoken.decode(body, 1)
        except errors.MalformedAnswer:
            return
        assert len(part.outputs) == 1
        assert isinstance(part.outputs[0], dict)
        assert isinstance(part.outputs[0].get("text", ""), str)

    check()


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("row", ["3\r4", "a\ud800b", "a\0b"])
def test_a_row_of_csv_holds_nothing_that_cannot_be_sent(row: str) -> None:
    with pytest.raises(errors.BadRequest, match=r"'inputs\[1\]'") as refusal:
        containers.of("csv").encode(("1,2", row), InferenceRequest(("1,2", row)))
    assert refusal.value.param == "inputs[1]"


def test_a_row_of_csv_is_one_line() -> None:
    with pytest.raises(errors.BadRequest, match="one row of CSV"):
        containers.of("csv").encode(["1,2\n3,4"], InferenceRequest(("1,2\n3,4",)))


def test_an_unknown_format_is_an_internal_error() -> None:
    with pytest.raises(errors.InternalError, match="the route names the format 'protobuf'"):
        containers.of("protobuf")


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("inputs", {"a": 1}, b'{"inputs": [{"a": 1}], "parameters": {}}'),
        ("jsonlines", [1, None], b'{"input": [1, null]}\n'),
        ("json", {"a": [True]}, b'{"a": [true]}'),
        ("classify", {"text": "a", "text_pair": "b"}, b'{"inputs": [{"text": "a", "text_pair": "b"}]}'),
        ("csv", [1, 2.5, None, True, 'say "hi"', "a,b"], b'1,2.5,,true,"say ""hi""","a,b"'),
        ("csv", 7, b"7"),
    ],
)
def test_inputs_of_any_shape_are_encoded(name: str, value: Any, sent: bytes) -> None:
    assert containers.of(name).encode([value], InferenceRequest((value,))) == sent


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("csv", {"a": 1}, "takes rows of CSV, whose columns have no names"),
        ("csv", [1, [2]], "its cells are texts and numbers"),
        ("text", [1], "takes texts"),
        ("messages", 7, "takes texts"),
        ("inputs", {"a": {"b": ["\ud83d"]}}, "half of a surrogate pair"),
        ("inputs", {"a\0": 1}, "NUL"),
    ],
)
def test_an_input_that_a_format_cannot_hold_is_refused_by_its_position(name: str, value: Any, message: str) -> None:
    request = InferenceRequest(("1,2", value))
    with pytest.raises(errors.BadRequest, match=message) as refused:
        containers.of(name).encode(request.inputs, request)
    assert str(refused.value.param).startswith("inputs[1]")


@pytest.mark.parametrize(("answer", "output"), [(b'{"value": 3}', {"value": 3}), (b"[1, 2]", {"output": [1, 2]})])
def test_a_json_container_answers_with_any_document(answer: bytes, output: Any) -> None:
    assert containers.of("json").decode(answer, 1).outputs == [output]
