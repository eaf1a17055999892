"""Rows as Athena returns them: every value is text, in the CSV object and in GetQueryResults."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    # DuckDB sums integers into 128 bits, Trino into 64.
    "HUGEINT": "bigint",
    "UBIGINT": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "BLOB": "varbinary",
    "JSON": "json",
}
PRECISION = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17, "date": 0}
LONGEST_TEXT = 2_147_483_647


@dataclass(frozen=True)
class Column:
    name: str
    type: str

    def info(self) -> dict[str, Any]:
        """Return the `ColumnInfo`."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": LONGEST_TEXT if self.type == "varchar" else PRECISION.get(self.type, 3),
            "Scale": 0,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type == "varchar",
        }


def athena_type(name: str) -> str:
    """Return Athena's name of a DuckDB type."""
    if name.startswith("DECIMAL"):
        return "decimal"
    if name.endswith("]"):
        return "array"
    if name.startswith("STRUCT"):
        return "row"
    return "map" if name.startswith("MAP") else TYPES.get(name, "varchar")


def cell(value: Any) -> str | None:
    """Return a value as text, `None` for NULL."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes | bytearray):
        return " ".join(f"{byte:02x}" for byte in value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_inner(item)}" for name, item in value.items()) + "}"
    return str(value)


def _inner(value: Any) -> str:
    text = cell(value)
    return "null" if text is None else text


def csv_line(values: Iterable[str | None]) -> str:
    """Write a CSV line as Athena does: values are quoted and NULL is empty, which distinguishes it from ''."""
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in values) + "\n"


def row(values: Sequence[str | None]) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def dump(values: Sequence[str | None]) -> str:
    """Write one line of the file that GetQueryResults pages through."""
    return json.dumps(values, ensure_ascii=False) + "\n"
