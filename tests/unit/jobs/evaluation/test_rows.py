"""The test split is read by the dataset's specification, and its labels are those that were validated."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation import rows
from evaluation.errors import EvaluationError

SPEC: dict[str, Any] = {
    "columns": [{"name": name} for name in ("id", "patient", "age", "sex", "seen", "risk")],
    "output": None,
    "roles": {"id": "id", "group": "patient", "label": "risk", "time": "seen", "features": None},
}
TABLE: dict[str, list[Any]] = {
    "id": ["b", "a"],
    "patient": [1, 2],
    "age": [40.0, float("nan")],
    "sex": ["f", "m"],
    "risk": [True, False],
}


def written(folder: Path, table: dict[str, list[Any]], name: str = "part.parquet") -> Path:
    path = folder / "split=test" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(table), path)
    return folder


def spec(**roles: Any) -> rows.Roles:
    return rows.Roles.of({**SPEC, "roles": {**SPEC["roles"], **roles}})


def test_a_model_receives_the_features_by_name_and_no_other_column(tmp_path: Path) -> None:
    read = rows.read(written(tmp_path, TABLE), spec())
    assert read.inputs == [{"age": None, "sex": "m"}, {"age": 40.0, "sex": "f"}], "in the order of the ids"
    assert read.labels == [False, True]


def test_the_only_feature_is_the_input_itself(tmp_path: Path) -> None:
    assert rows.read(written(tmp_path, TABLE), spec(features=["sex"])).inputs == ["m", "f"]


def test_the_columns_of_a_transform_count_where_there_is_one() -> None:
    assert rows.Roles.of({**SPEC, "output": [{"name": "id"}, {"name": "bmi"}, {"name": "risk"}]}).features == ("bmi",)


def test_rows_without_an_id_have_a_generated_one_and_folders_are_not_features() -> None:
    roles = rows.Roles.of({**SPEC, "partitions": ["sex"], "roles": {"label": "risk"}})
    assert (roles.id, roles.features) == ("row_id", ("id", "patient", "age", "seen"))


def test_the_hash_is_of_the_rows_and_not_of_their_files(tmp_path: Path) -> None:
    whole = rows.read(written(tmp_path / "one", TABLE), spec()).sha256
    for number in (0, 1):
        written(tmp_path / "two", {name: [values[number]] for name, values in TABLE.items()}, f"{number}.parquet")
    assert rows.read(tmp_path / "two", spec()).sha256 == whole
    other = rows.read(written(tmp_path / "three", {**TABLE, "age": [40.0, 1.0]}), spec()).sha256
    assert other != whole


def test_times_are_text(tmp_path: Path) -> None:
    table: dict[str, list[Any]] = {
        "id": ["a"],
        "risk": ["x"],
        "seen": [datetime(2026, 1, 2, 3, tzinfo=UTC)],
        "day": [date(2026, 1, 2)],
    }
    read = rows.read(written(tmp_path, table), spec(features=["seen", "day"]))
    assert read.inputs == [{"seen": "2026-01-02T03:00:00+00:00", "day": "2026-01-02"}]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "has no Parquet file: the dataset has no test split"),
        ({"id": ["a"], "age": [1.0]}, "the test split lacks risk, sex; it has id, age"),
        ({**TABLE, "id": ["a", "a"]}, "ids in id occur twice"),
        ({**TABLE, "risk": [True, None]}, "1 of 2 rows of the test split have no risk"),
        ({name: values[:0] for name, values in TABLE.items()}, "the test split has no rows"),
    ],
)
def test_a_split_that_cannot_be_measured_is_named(
    tmp_path: Path, table: dict[str, list[Any]] | None, message: str
) -> None:
    if table:
        written(tmp_path, table)
    with pytest.raises(EvaluationError, match=message):
        rows.read(tmp_path, spec())


def labels(*lines: tuple[str, Any]) -> tuple[bytes, str]:
    body = "".join(json.dumps({"id": key, "label": label}) + "\n" for key, label in lines).encode()
    return body, hashlib.sha256(body).hexdigest()


def test_labels_are_compared_with_the_validated_ones(tmp_path: Path) -> None:
    read = rows.read(written(tmp_path, TABLE), spec())
    rows.check_labels(read, spec(), *labels(("a", False), ("b", True)))
    with pytest.raises(EvaluationError, match=r"the test split and the file of its labels differ in 2 rows"):
        rows.check_labels(read, spec(), *labels(("a", True), ("c", True), ("b", True)))
    with pytest.raises(EvaluationError, match=f"labels changed since validation: sha256 .*, expected {'0' * 64}"):
        rows.check_labels(read, spec(), labels(("a", False), ("b", True))[0], "0" * 64)


@pytest.mark.parametrize(("one", "other"), [(True, "true"), (1, "1"), (1.0, "1"), (1.5, "1.5"), ("x", "x")])
def test_a_label_is_the_same_text_in_data_and_in_answers(one: Any, other: str) -> None:
    assert rows.text(one) == other
