"""A JSON parser that follows the RFC strictly."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from hypothesis import strategies as st

SURROGATES = st.characters(categories=["Cs"])
TEXTS = st.text(max_size=4) | st.text(SURROGATES, max_size=2) | st.just("\U0001f600")
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, 1e308, math.nan, math.inf, -math.inf])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
"""Values that Python's lenient parser may return for model output."""
TOKENS = st.sampled_from(
    [
        *(
            "NaN",
            "Infinity",
            "-Infinity",
            "1e999",
            "1_0",
            "\u0663",
            "0.5",
            "null",
            "-",
            "01",
            "[" * 5000,
            "\n",
            "\ufeff",
        ),
        *("{", "}", "[", "]", ",", ":", '"label"', '"score"', '"outputs"', '"model"'),
        *('"\\ud800"', '"\ud800"', '"\\u0000"'),
    ]
)
BODIES = (
    st.binary(max_size=20)
    | st.lists(TOKENS, max_size=8).map(lambda tokens: "".join(tokens).encode("utf-8", "surrogatepass"))
    | VALUES.map(lambda value: json.dumps(value).encode())
)
"""Arbitrary bytes of model output."""


def loads(text: str | bytes) -> Any:
    """Parse strictly, or raise."""
    plain = text if isinstance(text, str) else text.decode("utf-8")
    value = json.loads(plain, parse_constant=_refuse, parse_float=_finite, parse_int=_finite_integer)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    assert math.isfinite(value), text
    return value


def _finite_integer(text: str) -> int:
    _finite(text)
    return int(text)
