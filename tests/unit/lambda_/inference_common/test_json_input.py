"""Parsing untrusted JSON returns a value or raises `ValueError` without quoting it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_common import errors, formats
from inference_common.json_input import DEEPEST, BadField, TooDeep, loads, loads_given
from inference_common.requests import parse_object

LAMBDA = Path(__file__).resolve().parents[4] / "lambda"
PLAIN = st.none() | st.booleans() | st.integers() | st.text()
DOCUMENTS = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(DOCUMENTS)
def test_shallow_json_is_parsed_like_the_standard_library(value: object) -> None:
    text = json.dumps(value)
    assert loads(text) == loads(text.encode()) == value


def nested(levels: int, kind: str = "list") -> str:
    opening, closing = ("[", "]") if kind == "list" else ('{"a": ', "}")
    return opening * levels + "1" + closing * levels


@pytest.mark.parametrize("kind", ["list", "object"])
@pytest.mark.parametrize("levels", [DEEPEST + 1, 500, 5_000, 100_000])
def test_deep_nesting_is_a_value_error(kind: str, levels: int) -> None:
    with pytest.raises(TooDeep, match=f"deeper than {DEEPEST} levels"):
        loads(nested(levels, kind))
    assert loads(nested(DEEPEST, kind)) is not None


def test_many_brackets_are_not_deep() -> None:
    assert loads(json.dumps([[]] * 1_000)) == [[]] * 1_000
    assert loads(json.dumps("[" * 1_000)) == "[" * 1_000


WORDS = (
    r"not JSON: [A-Za-z ,'\"\\:()-]+ at line \d+ column \d+|nested deeper .*|a whole number has more digits .*"
    r"|it is (NaN|Infinity), which JSON does not have.*|line \d+, byte \d+ \(0x[0-9A-F]{2}\) is not UTF-8"
    r"|it is UTF-(16|32) \(it begins with [0-9A-F ]+\).*|it begins with U\+0000.*"
)


def refusal(text: str | bytes) -> str:
    """Return the parser's message; empty for valid JSON."""
    try:
        loads(text)
    except ValueError as error:
        return str(error)
    return ""


@given(st.text() | st.binary())
def test_anything_else_is_a_value_error_that_does_not_quote_it(text: str | bytes) -> None:
    assert re.fullmatch(f"({WORDS})?", refusal(text))


@pytest.mark.parametrize("text", ['{"a": ["b", "c\ud83d"]}', '{"a": ["b", "c\\ud83d"]}'])
def test_a_lone_surrogate_is_found_in_any_notation(text: str) -> None:
    with pytest.raises(BadField, match="half of a surrogate pair") as refusal:
        loads_given(text)
    assert refusal.value.path == "a[1]"
    assert loads_given('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_a_deep_line_affects_no_other() -> None:
    with pytest.raises(errors.BadRequest, match="line 2 is not JSON"):
        formats.read_json_lines(f'"a"\n{nested(100_000)}\n"b"')
    with pytest.raises(errors.BadRequest, match="not JSON"):
        parse_object(nested(100_000, "object"))


def test_all_json_is_parsed_by_this_module() -> None:
    own = {
        str(path.relative_to(LAMBDA))
        for path in LAMBDA.rglob("*.py")
        if re.search(r"\bjson\.loads?\b|\bJSONDecoder\b", path.read_text(encoding="utf-8"))
    }
    assert own == {"inference_common/json_input.py"}
