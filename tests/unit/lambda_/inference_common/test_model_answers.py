"""Whatever a model returns is passed on as strict JSON, or refused with one clear error."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings

from inference_common import formats, json_output, model_answers
from inference_common.errors import MalformedAnswer
from tests.support.campaign import examples
from tests.unit.lambda_.support import strict_json as strict

TRIED = settings(deadline=None, max_examples=examples())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"score": NaN}', "NaN"),
        (b'[{"score": 1e999}]', "1e999|score"),
        (b'{"a": {"b": [1, -Infinity]}}', "Infinity|b"),
        (b'{"text": "\\ud83d"}', "surrogate|text"),
        (b'{"\\udc00": 1}', "surrogate|name"),
        (b'"\xff"', "UTF-8|utf-8"),
        (b"[" * 100_000, "levels|nest"),
        (b"1" * 5000, "digits|large|JSON"),
        (b"1" + b"0" * 400, "large"),
        (b"0.5}", "JSON"),
        (b"", "JSON"),
    ],
)
def test_values_without_a_json_form_are_malformed_answers(body: bytes, says: str) -> None:
    with pytest.raises(MalformedAnswer, match=f"(?i){says}") as raised:
        model_answers.loads(body)
    assert raised.value.message.startswith("the model's answer")


def test_the_position_is_named() -> None:
    with pytest.raises(MalformedAnswer, match=r"too large\) at outputs\[1\]\.score"):
        model_answers.checked({"outputs": [{"score": 1.0}, {"score": math.nan}]})
    with pytest.raises(MalformedAnswer, match=r"at embedding\[2\]"):
        model_answers.checked({"embedding": [0.1, 0.2, math.inf]})


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "ü", "😀", {"b": []}]}, [], "x", 0, 1.7e308])
def test_valid_json_is_unchanged(value: Any) -> None:
    assert model_answers.checked(value) is value
    assert model_answers.loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(("cell", "value"), [("0.5", 0.5), (" -1e-3", -0.001), (".5", 0.5), ("7.", 7.0), ("+2", 2.0)])
def test_numbers_in_csv(cell: str, value: float) -> None:
    assert model_answers.number(cell) == value


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", "1_0", "٣", "1e999", "", "0x1", "1 2", "\uff11"])
def test_numbers_that_only_python_accepts_are_refused(cell: str) -> None:
    with pytest.raises(MalformedAnswer, match="not a number"):
        model_answers.number(cell)


@pytest.mark.parametrize("value", [[True], [], "x", None, [math.nan], [1e39], [10**400], ["1"], [None]])
def test_a_vector_has_32_bit_floats(value: Any) -> None:
    with pytest.raises(MalformedAnswer, match="vector"):
        model_answers.vector(value)


@pytest.mark.parametrize(
    "reported", [None, {}, "x", {"read": 1}, {"read": 1, "written": "2"}, {"read": -1, "written": 1}]
)
def test_unreported_tokens_are_unknown_not_zero(reported: Any) -> None:
    assert model_answers.counts({"in": "read", "out": "written"}, reported) is None


def test_a_partial_token_count_is_not_the_total() -> None:
    assert model_answers.total([{"in": 1}, {"in": 2}]) == {"in": 3}
    assert model_answers.total([{"in": 1}, None]) is None
    assert model_answers.total([]) is None


@TRIED
@given(strict.BODIES)
def test_any_answer_is_strict_json_or_refused(body: bytes) -> None:
    try:
        value = model_answers.loads(body)
    except MalformedAnswer:
        return
    assert strict.loads(json_output.dumps(value)) == value


@TRIED
@given(strict.VALUES)
def test_output_is_strict_json_or_an_error(value: Any) -> None:
    try:
        text = json_output.dumps(value)
    except ValueError:
        with pytest.raises(MalformedAnswer):  # nothing that passed validation fails here
            model_answers.checked(value)
        return
    assert text.isascii()
    assert json_output.dumps(json.loads(text, parse_constant=pytest.fail)) == text


@pytest.mark.parametrize(
    ("text", "fine"), [("😀", True), ("\\ud800", True), ("\ud83d", False), ("\ude00\ud83d", False)]
)
def test_a_lone_surrogate_is_not_written(text: str, fine: bool) -> None:
    if fine:
        assert json.loads(json_output.dumps([text])) == [text]
    else:
        with pytest.raises(ValueError, match="surrogate"):
            json_output.dumps([text])
    assert json_output.readable(text).encode().decode().count("?") == (0 if fine else len(text))


@TRIED
@given(strict.VALUES)
def test_rows_of_csv_are_as_many_as_outputs(value: Any) -> None:
    outputs = [{"text": value}, {"text": 'a, "b"\nc', "more": [1]}, {"text": "a\rb"}, {"text": ""}]
    try:
        model_answers.checked(outputs)
    except MalformedAnswer:
        return
    rows = list(csv.reader(io.StringIO(formats.write_csv(outputs), newline=""), strict=True))
    assert [row[1:] for row in rows] == [["more"], [""], ["[1]"], [""], [""]]
    assert [row[0] for row in rows[2:]] == [output["text"] for output in outputs[1:]]
    lines = formats.write_json_lines(outputs).split("\n")
    assert [strict.loads(line) for line in lines[:-1]] == outputs
