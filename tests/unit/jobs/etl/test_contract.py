"""What a record becomes, that the same data is the same data, and which rows have which id."""

from __future__ import annotations

import ast
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tabular import plain_runner
from tabular.contract import Contract, Judged, fingerprint, moment, row_number
from tabular.errors import EtlError
from tabular.job import Input, Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore

from tests.unit.jobs.etl.conftest import NOTES, RAW, Run, transform

ETL = Path(__file__).resolve().parents[4] / "jobs" / "etl"
PATIENTS: dict[str, Any] = {
    "name": "patients",
    "columns": [
        {"name": "id", "type": "bigint"},
        {"name": "age", "type": "double", "minimum": 0, "maximum": 120},
        {"name": "sex", "type": "string", "values": ["f", "m"], "required": False},
        {"name": "code", "type": "string", "pattern": "[A-Z][0-9]+", "min_length": 2, "max_length": 4},
        {"name": "smoker", "type": "boolean", "required": False},
        {"name": "seen", "type": "timestamp", "required": False},
        {"name": "born", "type": "date", "required": False},
        {"name": "score", "type": "double"},
    ],
    "roles": {"id": "id", "label": "score", "time": "seen"},
}
GOOD = ["7", "44.5", "f", "A12", "true", "2026-01-31T10:00:00+02:00", "1981-12-01", "0.5"]


def judged(values: list[Any], document: Any = PATIENTS, transform: Any = None) -> list[Judged]:
    return Contract(parse(document), transform).judge(values, ())


def test_a_row_is_typed_and_knows_its_roles() -> None:
    cells = (7, 44.5, "f", "A12", True, datetime(2026, 1, 31, 8), date(1981, 12, 1), 0.5)
    [row] = judged(GOOD)
    assert row == Judged("processed", "", "7", "7", "0.5", moment(datetime(2026, 1, 31, 8)), cells)


def test_what_is_not_required_may_be_missing() -> None:
    [row] = judged(["7", "44.5", None, "A12", None, "", " ", "0.5"])
    assert row.cells == (7, 44.5, None, "A12", None, None, None, 0.5)
    assert row.at is None


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, None, "id:required"),
        (0, "x", "id:type"),
        (0, "9223372036854775808", "id:type"),
        (1, "old", "age:type"),
        (1, "-0.5", "age:minimum"),
        (1, "120.5", "age:maximum"),
        (1, "1e999", "age:type"),
        (2, "x", "sex:values"),
        (3, "12", "code:pattern"),
        (3, "A12x", "code:pattern"),
        (3, "A", "code:min_length"),
        (3, "A1234", "code:max_length"),
        (4, "yes", "smoker:type"),
        (5, "yesterday", "seen:type"),
        (5, "2026-02-30", "seen:type"),
        (6, "1981-13-01", "born:type"),
        (7, "", "score:required"),
    ],
)
def test_each_broken_rule_has_its_reason(place: int, value: Any, reason: str) -> None:
    values: list[Any] = [*GOOD]
    values[place] = value
    assert judged(values) == [Judged("quarantined", reason)]


def test_columns_with_a_role_are_required_whatever_their_contract_says() -> None:
    columns = [{"name": name, "type": "double", "required": False} for name in ("id", "group", "label", "time")]
    roles = {name: name for name in ("id", "group", "label", "time")}
    document = {"name": "d", "columns": columns, "roles": roles, "split": {"method": "time"}}
    reasons = [judged([1.0 if place != gap else None for place in range(4)], document)[0].reason for gap in range(4)]
    assert reasons == ["id:required", "group:required", "label:required", "time:required"]


@pytest.mark.parametrize(
    ("made", "outcomes"),
    [
        (lambda row: None, [("left_out", "")]),
        (lambda row: [], [("left_out", "")]),
        (lambda row: row, [("processed", "")]),
        (lambda row: [row, {**row, "id": 8}], [("processed", "")] * 2),
        (lambda row: [row, {**row, "score": None}], [("processed", ""), ("quarantined", "score:required")]),
        (lambda row: [row, 5], [("processed", ""), ("quarantined", "transform:not_a_row")]),
        (lambda row: {**row, "age": 500, "note": "not a column"}, [("quarantined", "age:maximum")]),
        (lambda row: {"id": 9}, [("quarantined", "age:required")]),
        (lambda row: row["nothing"], [("quarantined", "transform:KeyError")]),
        (lambda row: int("seven"), [("quarantined", "transform:ValueError")]),
    ],
)  # fmt: skip
def test_a_transform_makes_none_one_or_several_rows(made: Any, outcomes: list[tuple[str, str]]) -> None:
    assert [(row.outcome, row.reason) for row in judged(GOOD, transform=made)] == outcomes


def test_a_transform_refuses_with_its_own_reason() -> None:
    def refuse(row: dict[str, Any]) -> None:
        raise ValueError("too_young")

    assert judged(GOOD, transform=refuse) == [Judged("quarantined", "too_young")]


def test_folders_are_columns_that_a_transform_sees_and_cannot_change() -> None:
    document = {
        **PATIENTS,
        "partitions": ["year", "site"],
        "columns": [*PATIENTS["columns"], {"name": "year", "type": "bigint"}],
    }
    contract = Contract(parse(document), lambda row: {**row, "site": "elsewhere", "score": float(row["year"])})
    [row] = contract.judge(GOOD, ("2026", "north"))
    assert row.cells[-3:] == (2026.0, 2026, "north")
    assert contract.judge(GOOD, ("last", "north")) == [Judged("quarantined", "year:type")]


# ---- ids ------------------------------------------------------------------------------------------------


def test_rows_without_an_id_get_one_from_their_content_and_equal_ones_a_number(run: Run) -> None:
    document = {"name": "d", "columns": [{"name": "a", "type": "double"}, {"name": "b", "type": "string"}]}
    outcome = run(document, {"a.csv": b"a,b\n1,x\n2,x\n1,x\n1.0,x\n"})
    assert outcome.error == ""
    rows = outcome.rows("processed")
    ids = [row["row_id"] for row in rows]
    assert [(row["a"], row["b"]) for row in rows] == [(1.0, "x"), (2.0, "x"), (1.0, "x"), (1.0, "x")]
    assert ids[2:] == [f"{ids[0]}-2", f"{ids[0]}-3"]
    assert len(ids[0]) == 32
    places = {
        tuple(row["row_id"] for row in outcome.rows("features", f"split={name}"))
        for name in ("train", "test", "validation")
    }
    assert any(set(place) >= {ids[0], *ids[2:]} for place in places)


def test_without_a_group_no_groups_are_listed(run: Run) -> None:
    document = {"name": "d", "columns": [{"name": "id", "type": "bigint"}], "roles": {"id": "id"}}
    outcome = run(document, {"a.csv": b"id\n" + b"\n".join(b"%d" % n for n in range(500))})
    document = (outcome.folder / outcome.report["outputs"]["groups"][0]["key"]).read_text()
    assert document == '{"train": [], "validation": [], "test": []}'
    splits = outcome.report["splits"]
    assert [splits[name]["groups"] for name in splits] == [splits[name]["rows"] for name in splits]
    assert sum(split["rows"] for split in splits.values()) == 500


def test_taking_new_files_only_needs_ids_and_a_split_that_never_moves_rows() -> None:
    for change in ({"roles": {"label": "score"}}, {"split": {"method": "time"}}):
        with pytest.raises(EtlError, match="dataset 'patients' cannot take new files only"):
            Job(parse({**PATIENTS, **change}), "r1", incremental=True)


def test_a_plain_process_does_not_pretend_to_keep_bookmarks(store: FolderStore) -> None:
    given = Input(store, "nowhere", raw_folder(parse(NOTES), store, RAW).layout, {}, ())
    with pytest.raises(EtlError, match="job bookmarks are kept by Glue's Spark"):
        plain_runner.run(Job(parse(NOTES), "r1", transform, incremental=True), store, given)


# ---- the same data --------------------------------------------------------------------------------------


def fingerprint_of(*rows: tuple[str, bytes]) -> str:
    return fingerprint(sum(row_number(*row) for row in rows), len(rows))


def test_fingerprint_is_of_the_records_whatever_their_order() -> None:
    one, two = ("amazon", b"1\t1.0\ta"), ("amazon", b"2\t1.0\tb")
    assert fingerprint_of(one, two) == fingerprint_of(two, one)
    others = [(one,), (one, two, two), (one, ("amazon", b"2\t1.1\tb")), (one, ("movie", two[1]))]
    assert len({fingerprint_of(*rows) for rows in [(one, two), *others]}) == 5
    assert fingerprint_of(one).startswith("sha256:")


@pytest.mark.parametrize("path", sorted(ETL.rglob("*.py")), ids=lambda path: path.name)
def test_the_code_is_valid_for_python_3_10(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 10))
