"""Which columns a file of data has, and what was seen of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tabular.drift import normal

from orchestrator.errors import PlatformError
from orchestrator.scaffold import raw
from orchestrator.scaffold.columns import Column, Table, infer, sample_rows
from orchestrator.scaffold.naming import folded

File = Callable[[str, str | bytes], Path]


def table(path: Path, **given: Any) -> Table:
    return infer(raw.read(path), **given)


def only(file: File, *cells: str) -> Column:
    """Infer a column from cells of CSV."""
    content = "name,other\n" + "".join(f'"{cell}",1\n' for cell in cells)
    return table(file("only.csv", content)).columns[0]


@pytest.mark.parametrize(
    ("cells", "kind", "seen"),
    [
        (["1", "-2", "3"], "bigint", "3 values: -2, 1, 3"),
        (["1", "2.5"], "double", "2 values: 1, 2.5"),
        (["1.0", "2.0"], "double", "2 values: 1, 2"),
        (["1e3", ".5"], "double", "2 values: 0.5, 1000"),
        (["true", "False"], "boolean", "2 values: false, true"),
        (["2026-01-31", "2025-12-01"], "date", "2 values: 2025-12-01, 2026-01-31"),
        (["2026-01-31", "2025-12-01T12:00:00Z"], "timestamp", "2 values: 2025-12-01T12:00:00Z, 2026-01-31"),
        (["2026-02-31"], "string", "1 value: 2026-02-31"),
        (["01234", "56789"], "string", "2 values: 01234, 56789"),  # a postal code is not a number
        (["1", "x"], "string", "2 values: 1, x"),
        (["a rather long text of words", "and one more such text"], "string", "texts of 6 words on average"),
        ([str(n) for n in range(20)], "bigint", "0 to 19"),
        ([f"n{n}" for n in range(20)], "string", "20 values, such as n0"),
    ],
)
def test_the_type_follows_from_all_values(file: File, cells: list[str], kind: str, seen: str) -> None:
    column = only(file, *cells)
    assert (column.type, column.seen(), column.required) == (kind, seen, True)


def test_empty_cells_make_a_column_optional(file: File) -> None:
    column = only(file, "1", "", " ", "4")
    assert (column.type, column.required, column.missing, column.present) == ("bigint", False, 2, 2)
    assert only(file, "", " ").seen() == "no value"


def test_markers_of_missing_numbers_are_found(file: File) -> None:
    column = only(file, "1", "NA", "?", "NA")
    assert (column.type, column.required, dict(column.markers)) == ("bigint", False, {"NA": 2, "?": 1})


def test_among_texts_a_marker_is_a_value(file: File) -> None:
    column = only(file, "NA", "DE", "FR")  # Namibia
    assert (column.type, column.required, column.seen()) == ("string", True, "3 values: DE, FR, NA")


def test_rare_values_of_other_types_are_set_aside(file: File) -> None:
    column = only(file, *[str(n) for n in range(199)], "many")
    assert (column.type, dict(column.odd), column.required) == ("bigint", {"many": 1}, True)
    assert only(file, *[str(n) for n in range(50)], "many").type == "string"


def test_values_of_json_have_their_type(file: File) -> None:
    lines = '{"n": 1, "f": 1.5, "t": "12", "b": true, "l": ["a"], "d": "2026-01-31"}\n'
    inferred = table(file("a.jsonl", lines + lines.replace("1.5", "null")))
    assert {column.name: column.type for column in inferred.columns} == {
        **{"n": "bigint", "f": "double", "t": "string", "b": "boolean", "l": "string", "d": "date"},
    }
    nested = inferred.column("l")
    assert nested is not None
    assert (nested.nested, nested.seen()) == (True, '1 value: ["a"]')
    assert [column.name for column in inferred.columns if not column.required] == ["f"]


def test_names_are_spelt_as_the_catalogue_does(file: File) -> None:
    inferred = table(file("a.csv", ",Petal length (cm),2nd,name\n0,1,2,x\n1,2,3,y\n"))
    assert [column.name for column in inferred.columns] == ["petal_length_cm", "_2nd", "name"]
    assert inferred.nameless == (1,)


@pytest.mark.parametrize("name", ["Petal length (cm)", " A ", "od280/od315", "größe", "__x__", "2nd", "年齢", ""])
def test_names_are_spelt_as_the_etl_does(name: str) -> None:
    assert folded(name) == normal(name)


def test_names_that_become_one_are_refused(file: File) -> None:
    with pytest.raises(PlatformError, match=r"columns 1 and 3 .* both become `a_b`"):
        table(file("a.csv", "a b,n,A-B\n1,2,3\n"))


def test_uneven_rows_are_counted(file: File) -> None:
    inferred = table(file("a.csv", "a,b\n1,2\n3,4\n5,6,7\n8\n9,10\n"))
    assert (inferred.rows, inferred.uneven) == (3, 2)


def test_a_long_file_is_read_in_part(file: File) -> None:
    path = file("a.csv", "a,b\n" + "1,2\n" * 100)
    assert (table(path, most=10).rows, table(path, most=10).complete) == (10, False)
    assert (table(path, most=100).rows, table(path, most=100).complete) == (100, True)


def test_rows_of_a_sample_have_the_columns_types(file: File, tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "a.csv").write_text(
        "City;At;N;F;Yes\nBonn;2026-01-31;1.0;2.0;TRUE\n;2026-02-01;?;2.5;false\n\nUlm;x;y;1;0\n"
    )
    (folder / "_hidden.csv").write_text("City\nBonn\n")
    form = raw.read(folder / "a.csv").form.model_copy(update={"nulls": ("", "?")})
    columns = [
        ("city", "string"),
        ("at", "date"),
        ("n", "bigint"),
        ("f", "double"),
        ("yes", "boolean"),
        ("no", "string"),
    ]
    rows = sample_rows(folder, form, columns, 10)
    assert rows == [
        {"city": "Bonn", "at": "2026-01-31", "n": 1, "f": 2, "yes": True, "no": None},
        {"city": None, "at": "2026-02-01", "n": None, "f": 2.5, "yes": False, "no": None},
    ]
    assert sample_rows(folder, form, columns, 1) == rows[:1]
