"""Answers are judged by the expectations of their golden case, the same for every kind of blueprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.config.model.golden import GoldenCase
from orchestrator.smoke import answers

CHECK = """
def near(output, case):
    assert output["where"] == case["input"]["city"], "another city"

def broken(output, case):
    raise KeyError("x")
"""


def judged(output: Any, repo: Path = Path(), *, given: Any = "x", **expected: Any) -> str:
    return answers.judge(GoldenCase.model_validate({"input": given, **expected}), [output], repo)


@pytest.mark.parametrize(
    ("output", "expected", "summary"),
    [
        ({"label": "spam", "score": 0.876}, {"label": "spam"}, "spam 0.88"),
        ({"label": "spam"}, {"label": "spam"}, "spam"),
        ({"value": 151.3}, {"value": 150, "tolerance": 2}, "151.3"),
        (7, {"value": 7}, "7"),
        ({"output": 7}, {"value": 7}, "7"),
        ({"prediction": [0.5]}, {"value": 0.5}, "0.5"),
        ({"text": "Oh, Hello."}, {"contains": "hello"}, "10 characters"),
        ({"embedding": [0.5, 1]}, {"length": 2}, "2 numbers"),
        ([0.5, 1, 2], {"length": 3}, "3 numbers"),
        ({"boxes": [1]}, {"schema": {"required": ["boxes"]}}, "as its schema says"),
        ({"label": "a", "value": 3}, {"label": "a", "value": 3}, "a, 3"),
    ],
)
def test_a_right_answer_is_summarised(output: Any, expected: Any, summary: str) -> None:
    assert judged(output, **expected) == summary


@pytest.mark.parametrize(
    ("output", "expected", "message"),
    [
        ({"label": "ham", "score": 0.9}, {"label": "spam"}, "`x` must be spam, got ham (0.90)"),
        ({"label": 1}, {"label": "spam"}, "`label` must be a text, got `1`"),
        ({"label": "spam", "score": 2}, {"label": "spam"}, "`score` must be a number from 0 to 1, got `2`"),
        ({"value": 153}, {"value": 150, "tolerance": 2}, "`x` must be 150 ± 2, got 153"),
        ({"value": 150.1}, {"value": 150}, "`x` must be 150, got 150.1"),
        ({"value": True}, {"value": 1}, "must be a number, or have one as `value`"),
        ({"value": float("nan")}, {"value": 1}, "must be a number"),
        ({"prediction": [1, 2]}, {"value": 1}, "must be a number"),
        ({"text": "bye"}, {"contains": "hello"}, "the text must contain `hello`"),
        ({"text": " "}, {"contains": ""}, "`text` must be a non-empty string"),
        ("text", {"contains": ""}, "an output must be an object with `text`"),
        ({"embedding": [1, 2]}, {"length": 3}, "`embedding` must have 3 numbers, got 2"),
        ({"embedding": [1, float("inf")]}, {"length": 2}, "a list of finite numbers"),
        ({"boxes": 1}, {"schema": {"properties": {"boxes": {"type": "array"}}}}, "violates `schema` at $.boxes"),
        ({"label": "a", "value": 4}, {"label": "a", "value": 3}, "must be 3, got 4"),
    ],
)
def test_a_wrong_answer_says_what_was_expected(output: Any, expected: Any, message: str) -> None:
    with pytest.raises(answers.WrongAnswer) as wrong:
        judged(output, **expected)
    assert message in str(wrong.value)


@pytest.mark.parametrize("outputs", [None, [], [{}, {}], "x", {"label": "x"}])
def test_one_input_has_one_output(outputs: Any) -> None:
    with pytest.raises(answers.WrongAnswer, match="one input must have one output"):
        answers.judge(GoldenCase.model_validate({"input": "x", "label": "x"}), outputs, Path())


def test_a_long_input_is_shown_in_part() -> None:
    with pytest.raises(answers.WrongAnswer) as wrong:
        judged({"value": 1}, given={"age": 59, "city": "Ulm" * 20}, value=2)
    assert str(wrong.value).startswith('`{"age": 59, "city": "UlmUlmUlmUlmUlmUlm…` must be 2')


def test_a_check_of_the_repository_judges_the_output(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "city.py").write_text(CHECK, encoding="utf-8")
    case = {"given": {"city": "Ulm"}, "check": "checks/city.py:near"}
    assert judged({"where": "Ulm"}, tmp_path, **case) == "passed by checks/city.py:near"
    with pytest.raises(answers.WrongAnswer, match=r"checks/city\.py:near: another city, got"):
        judged({"where": "Bonn"}, tmp_path, **case)
    for check, message in (
        ("checks/city.py:broken", "checks/city.py:broken failed: KeyError: 'x'"),
        ("checks/city.py:gone", "has no function `gone`"),
        ("checks/gone.py:near", "there is no file"),
    ):
        with pytest.raises(answers.WrongAnswer, match=message):
            judged({"where": "Ulm"}, tmp_path, **{**case, "check": check})
    (tmp_path / "checks" / "bad.py").write_text("import nothing_of_this_name", encoding="utf-8")
    with pytest.raises(answers.WrongAnswer, match="could not be imported: ModuleNotFoundError"):
        judged({}, tmp_path, **{**case, "check": "checks/bad.py:near"})
