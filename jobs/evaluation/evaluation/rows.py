"""Read the rows to predict: the test split of a dataset, by the roles of its columns."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.errors import EvaluationError

GENERATED_ID = "row_id"
"""Column that the ETL adds to rows without an id."""


@dataclass(frozen=True)
class Roles:
    """Columns with a meaning, by name. Without a label only a custom evaluation is possible."""

    id: str
    label: str | None
    features: tuple[str, ...]

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Roles:
        """Read the specification of a dataset."""
        roles = spec["roles"]
        features = roles.get("features")
        if features is None:
            others = {roles.get(name) for name in ("id", "group", "label", "time")} | set(spec.get("partitions") or ())
            columns = [column["name"] for column in spec.get("output") or spec["columns"]]
            features = [name for name in columns if name not in others]
        return cls(roles.get("id") or GENERATED_ID, roles.get("label"), tuple(features))


@dataclass(frozen=True)
class Rows:
    """Rows in the order of their ids.

    Attributes:
        records: all columns by name.
        inputs: what a model receives for each: its feature if there is one, otherwise its features by name.
        labels: the true answers; `None` if the dataset has none.
    """

    records: list[dict[str, Any]]
    inputs: list[Any]
    labels: list[Any] | None

    @property
    def sha256(self) -> str:
        """The hash of everything that a measurement depends on."""
        digest = hashlib.sha256()
        for record in self.records:
            digest.update(canonical(record).encode() + b"\n")
        return digest.hexdigest()


def read(folder: Path, roles: Roles) -> Rows:
    """Read the Parquet files of the test split. Raises `EvaluationError` if rows or columns are missing."""
    files = sorted(folder.glob("**/*.parquet"))
    if not files:
        raise EvaluationError(f"{folder} has no Parquet file: the dataset has no test split")
    # One file at a time: reading the folder as a dataset would turn `split=test` in a path into a column.
    tables = [pq.ParquetFile(path).read() for path in files]
    needed = [roles.id, *roles.features, *([roles.label] if roles.label else [])]
    missing = sorted(set(needed) - set(tables[0].column_names))
    if missing:
        raise EvaluationError(f"the test split lacks {', '.join(missing)}; it has {', '.join(tables[0].column_names)}")
    table = pa.concat_tables(tables)
    if not len(table):
        raise EvaluationError("the test split has no rows")
    records = sorted(({name: plain(value) for name, value in row.items()} for row in table.to_pylist()), key=_by(roles))
    if len({str(record[roles.id]) for record in records}) < len(records):
        raise EvaluationError(f"ids in {roles.id} occur twice in the test split")
    return Rows(records, [_input(record, roles) for record in records], _labels(records, roles))


def check_labels(rows: Rows, roles: Roles, body: bytes, expected_sha256: str) -> None:
    """Compare the rows' labels with the file of labels, which must be unchanged since data validation."""
    actual = hashlib.sha256(body).hexdigest()
    if actual != expected_sha256:
        raise EvaluationError(f"labels changed since validation: sha256 {actual}, expected {expected_sha256}")
    listed = {
        str(line["id"]): text(line["label"])
        for line in (json.loads(line) for line in body.decode().split("\n") if line)
    }
    held = {str(record[roles.id]): text(record[roles.label or ""]) for record in rows.records}
    if listed != held:
        differing = sum(listed.get(key) != held.get(key) for key in {*listed, *held})
        raise EvaluationError(f"the test split and the file of its labels differ in {differing} rows")


def plain(value: Any) -> Any:
    """Convert to a JSON value: times become ISO 8601, numbers that are none become null."""
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Any) -> str:
    """Return a label as text, the same for a value of the data and for the answer of a model."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _by(roles: Roles) -> Any:
    return lambda record: str(record[roles.id])


def _input(record: Mapping[str, Any], roles: Roles) -> Any:
    if len(roles.features) == 1:
        return record[roles.features[0]]
    return {name: record[name] for name in roles.features}


def _labels(records: list[dict[str, Any]], roles: Roles) -> list[Any] | None:
    if roles.label is None:
        return None
    labels = [record[roles.label] for record in records]
    empty = sum(label is None for label in labels)
    if empty:
        raise EvaluationError(f"{empty} of {len(labels)} rows of the test split have no {roles.label}")
    return labels
