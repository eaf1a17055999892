"""Columns are found by name or by order, and a change is named."""

from __future__ import annotations

from typing import Any

import pytest
from tabular.drift import Change, by_name, by_order, header_in, normal
from tabular.spec import Column

COLUMNS = (
    Column("id", "bigint"),
    Column("petal_length_cm", "double", required=False, minimum=0),
    Column("species", "string", values=("setosa", "virginica")),
)
ORDER = tuple(column.name for column in COLUMNS)
ROWS = [[str(n), f"{n / 10}", "setosa" if n % 2 else "virginica"] for n in range(20)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Petal length (cm)", "petal_length_cm"),
        (" ID ", "id"),
        ("PassengerId", "passengerid"),
        ("größe", "gr_e"),
        ("", ""),
    ],
)
def test_names_are_those_of_the_catalogue(name: str, expected: str) -> None:
    assert normal(name) == expected


@pytest.mark.parametrize(
    ("names", "places", "change"),
    [
        (["id", "petal_length_cm", "species"], (0, 1, 2), None),
        (["Species", "ID", "Petal length (cm)"], (1, 2, 0), None),
        (["id", "species"], (0, -1, 1), Change("missing", "petal_length_cm", refused=False)),
        (["id", "petal_length_cm"], (0, 1, -1), Change("missing", "species")),
        (["id", "x", "species", "y"], (0, -1, 2), Change("missing", "petal_length_cm; new: x, y", refused=False)),
        (["id", "petal_length_cm", "kind"], (0, 1, -1), Change("renamed", "species is kind")),
        (["id", "petal_length_cm", "species", "note"], (0, 1, 2), Change("extra", "note", refused=False)),
    ],
)
def test_columns_with_names(names: list[str], places: tuple[int, ...], change: Change | None) -> None:
    result = by_name(names, COLUMNS)
    assert (result.places, result.width, result.change) == (places, len(names), change)


def test_names_in_another_order_matter_where_order_is_the_rule() -> None:
    assert by_name(["id", "species", "petal_length_cm"], COLUMNS, ordered=True).change == Change(
        "reordered", "id, species, petal_length_cm"
    )
    assert by_name([*ORDER, "note"], COLUMNS, ordered=True).change == Change("extra", "note")


def columns(*places: int) -> list[list[str]]:
    return [[row[place] for place in places] for row in ROWS]


@pytest.mark.parametrize(
    ("rows", "change"),
    [
        (ROWS, None),
        ([], None),
        (columns(2, 0, 1), Change("reordered", "species, id, petal_length_cm")),
        (columns(0, 1), Change("missing", "2 columns instead of 3")),
        (columns(0, 1, 2, 2), Change("extra", "4 columns instead of 3")),
        ([*columns(0, 1), *ROWS[:1]], Change("missing", "2 columns instead of 3")),
        ([["a"], ["a", "b"], ["a", "b", "c"]], None),
        ([["?", "?", "?"]] * 9, None),
    ],
)
def test_columns_without_names(rows: list[list[str]], change: Change | None) -> None:
    result = by_order(ORDER, COLUMNS, rows)
    assert (result.places, result.width, result.change) == ((0, 1, 2), 3, change)


def test_a_table_of_the_catalogue_may_hold_more_columns_than_the_contract() -> None:
    result = by_order(
        ("note", "Species", "id", "Petal Length CM"), COLUMNS, [["n", *row[2:], *row[:2]] for row in ROWS]
    )
    assert (result.places, result.width, result.change) == ((2, 3, 1), 4, None)


@pytest.mark.parametrize(
    ("cells", "header"),
    [
        (["id", "petal_length_cm", "species"], True),
        (["ID", "length", "Species"], True),
        (["1", "2", "setosa"], False),
        (["good", "bad", "id"], False),
        (["id", "id", "species"], False),
        (["id"], False),
    ],
)
def test_a_header_where_none_should_be_is_noticed(cells: Any, header: bool) -> None:
    assert header_in(cells, COLUMNS) is header
