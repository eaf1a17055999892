"""What a rated snippet becomes."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tabular.contract import Contract, Judged
from tabular.spec import parse

REVIEWS = Path(__file__).resolve().parents[5] / "jobs" / "datasets" / "reviews"


@pytest.fixture(scope="session")
def contract(load_job: Callable[[str], ModuleType]) -> Contract:
    transform = load_job("datasets/reviews/transform.py").transform
    return Contract(parse(json.loads((REVIEWS / "spec.json").read_text())), transform)


def judged(contract: Contract, source: str, *cells: str) -> Judged:
    [row] = contract.judge([cell or None for cell in cells], (source,))
    return row


def test_a_row_is_a_labelled_review_of_its_group(contract: Contract) -> None:
    row = judged(contract, "amazon", " 12_3 ", "-0.9", "  a  be\u0301 ")
    assert row.cells == ("amazon-12_3", "amazon-12", -0.9, "negative", "a bé", "amazon")
    assert (row.id, row.group, row.label) == ("amazon-12_3", "amazon-12", "negative")
    assert judged(contract, "movie", "4", "2.5", "fine").cells[:4] == ("movie-4", "movie-4", 2.5, "positive")


@pytest.mark.parametrize("zero", ["0", "0.0", "-0.0", "0e5"])
def test_a_rating_of_exactly_zero_is_left_out(contract: Contract, zero: str) -> None:
    assert judged(contract, "amazon", "1", zero, "so so").outcome == "left_out"
    assert judged(contract, "amazon", "1", "0.01", "nice").outcome == "processed"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("x1", "1.0", "a"), "id:pattern"),
        (("1_2_3", "1.0", "a"), "id:pattern"),
        (("1 2", "1.0", "a"), "id:pattern"),
        (("1234567890123456789", "1.0", "a"), "id:pattern"),
        (("\u0661", "1.0", "a"), "id:pattern"),
        (("1", "good", "a"), "rating:type"),
        (("1", "", "a"), "rating:required"),
        (("1", "1,5", "a"), "rating:type"),
        (("1", "1_0", "a"), "rating:type"),  # float() would take it
        (("1", "0x1", "a"), "rating:type"),
        (("1", "nan", "a"), "rating:type"),
        (("1", "1e999", "a"), "rating:type"),
        (("1", "-4.01", "a"), "rating:minimum"),
        (("1", "4.01", "a"), "rating:maximum"),
        (("1", "1.0", "  \xa0 "), "empty_text"),
        (("1", "1.0", ""), "text:required"),
        (("1", "1.0", "a\x00b"), "control_character"),
        (("1", "1.0", "\x1b[31mred"), "control_character"),
    ],
)
def test_each_bad_row_has_its_reason(contract: Contract, cells: tuple[str, ...], reason: str) -> None:
    assert judged(contract, "amazon", *cells) == Judged("quarantined", reason)


def test_breaks_of_other_kinds_are_blanks(contract: Contract) -> None:
    row: Any = judged(contract, "amazon", "1", "1.0", "one\u0085two\u2028three\x0bfour")
    assert row.cells[4] == "one two three four"


def test_the_code_is_valid_for_python_3_10() -> None:
    ast.parse((REVIEWS / "transform.py").read_text(), feature_version=(3, 10))
