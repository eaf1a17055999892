"""Whatever a model answers with, what is passed on is JSON that a strict reader takes, or one clear refusal."""

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
from tests.campaign import examples
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
def test_what_json_cannot_say_is_a_malformed_answer_that_says_so(body: bytes, says: str) -> None:
    with pytest.raises(MalformedAnswer, match=f"(?i){says}") as raised:
        model_answers.loads(body)
    assert raised.value.message.startswith("the model's answer")


def test_the_place_is_named() -> None:
    with pytest.raises(MalformedAnswer, match=r"too large\) at outputs\[1\]\.score"):
        model_answers.checked({"outputs": [{"score": 1.0}, {"score": math.nan}]})
    with pytest.raises(MalformedAnswer, match=r"at embedding\[2\]"):
        model_answers.checked({"embedding": [0.1, 0.2, math.inf]})


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "ü", "😀", {"b": []}]}, [], "x", 0, 1.7e308])
def test_what_is_json_is_left_as_it_is(value: Any) -> None:
    assert model_answers.checked(value) is value
    assert model_answers.loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(("cell", "value"), [("0.5", 0.5), (" -1e-3", -0.001), (".5", 0.5), ("7.", 7.0), ("+2", 2.0)])
def test_a_number_is_one_as_csv_has_it(cell: str, value: float) -> None:
    assert model_answers.number(cell) == value


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", "1_0", "٣", "1e999", "", "0x1", "1 2", "\uff11"])
def test_what_only_python_takes_for_a_number_is_none(cell: str) -> None:
    with pytest.raises(MalformedAnswer, match="no number"):
        model_answers.number(cell)


@pytest.mark.parametrize("value", [[True], [], "x", None, [math.nan], [1e39], [10**400], ["1"], [None]])
def test_a_vector_is_of_numbers_that_four_bytes_hold(value: Any) -> None:
    with pytest.raises(MalformedAnswer, match="vector"):
        model_answers.vector(value)


@pytest.mark.parametrize("told", [None, {}, "x", {"read": 1}, {"read": 1, "written": "2"}, {"read": -1, "written": 1}])
def test_tokens_that_are_not_told_are_not_none(told: Any) -> None:
    assert model_answers.counts({"in": "read", "out": "written"}, told) is None


def test_tokens_of_a_part_are_not_those_of_the_whole() -> None:
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
def test_what_is_written_is_strict_json_or_an_error(value: Any) -> None:
    try:
        text = json_output.dumps(value)
    except ValueError:
        with pytest.raises(MalformedAnswer):  # nothing that was let through could fail here
            model_answers.checked(value)
        return
    assert text.isascii()
    assert json_output.dumps(json.loads(text, parse_constant=pytest.fail)) == text


@pytest.mark.parametrize(
    ("text", "fine"), [("😀", True), ("\\ud800", True), ("\ud83d", False), ("\ude00\ud83d", False)]
)
def test_half_of_a_surrogate_pair_is_not_written(text: str, fine: bool) -> None:
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
