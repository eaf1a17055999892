"""Classification and columns of a file, as Glue's built-in classifiers determine them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

SAMPLE_BYTES = 256 * 1024
DELIMITERS = (",", "\t", "|", ";", "\x01")
TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet"

WIDER = {
    ("bigint", "double"): "double",
    ("double", "bigint"): "double",
    ("int", "double"): "double",
    ("double", "int"): "double",
    ("int", "bigint"): "bigint",
    ("bigint", "int"): "bigint",
}


class Unclassified(Exception):
    """No classifier recognises the file."""


class Schema:
    """Classification, columns in order (name to type) and the SerDe that reads them."""

    def __init__(self, classification: str, columns: dict[str, str], parameters: dict[str, str] | None = None) -> None:
        self.classification = classification
        self.columns = columns
        self.parameters = parameters or {}

    def merged(self, other: Schema) -> Schema:
        """Merge the columns of two schemas; a column of different types becomes the wider one, or a string."""
        columns = dict(self.columns)
        for name, kind in other.columns.items():
            columns[name] = wider(columns[name], kind) if name in columns else kind
        return Schema(self.classification, columns, {**other.parameters, **self.parameters})

    def storage(self) -> dict[str, Any]:
        if self.classification == "parquet":
            return {
                "InputFormat": f"{PARQUET}.MapredParquetInputFormat",
                "OutputFormat": f"{PARQUET}.MapredParquetOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": f"{PARQUET}.serde.ParquetHiveSerDe",
                    "Parameters": {"serialization.format": "1"},
                },
            }
        if self.classification == "json":
            serde: dict[str, Any] = {
                "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
                "Parameters": {"paths": ",".join(self.columns)},
            }
        else:
            serde = {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"field.delim": self.parameters["delimiter"]},
            }
        return {"InputFormat": TEXT_INPUT, "OutputFormat": TEXT_OUTPUT, "SerdeInfo": serde}


def wider(one: str, other: str) -> str:
    return one if one == other else WIDER.get((one, other), "string")


def classify(key: str, read: Callable[[int | None], bytes]) -> Schema:
    """Return the schema of an object. `read(limit)` returns its first bytes, or all of them for `None`."""
    head = read(4)
    if not head:
        raise Unclassified(f"{key} is empty")
    if head == b"PAR1":
        return parquet_schema(read(None))
    sample = read(SAMPLE_BYTES)
    try:
        text = sample.decode("utf-8", errors="strict" if len(sample) < SAMPLE_BYTES else "ignore")
    except UnicodeDecodeError as error:
        raise Unclassified(f"{key} is not text: {error}") from error
    lines = text.splitlines()
    if len(sample) == SAMPLE_BYTES and len(lines) > 1:
        lines = lines[:-1]  # the last one is cut off
    if lines and lines[0].lstrip()[:1] in "{[":
        return json_schema(key, lines, text)
    return delimited_schema(key, lines)


def delimited_schema(key: str, lines: list[str]) -> Schema:
    rows, delimiter = split_rows(lines)
    if delimiter is None:
        raise Unclassified(f"{key} has no delimiter that gives the same columns in every row")
    header = has_header(rows)
    names = [column_name(name) for name in rows[0]] if header else [f"col{index}" for index in range(len(rows[0]))]
    columns = {}
    for index, name in enumerate(names):
        kinds = {text_type(row[index]) for row in rows[1 if header else 0 :] if row[index] != ""}
        columns[name] = merge(kinds)
    parameters = {"delimiter": delimiter, "areColumnsQuoted": "false"}
    if header:
        parameters["skip.header.line.count"] = "1"
    return Schema("csv", columns, parameters)


def split_rows(lines: list[str]) -> tuple[list[list[str]], str | None]:
    """Split lines by the delimiter that gives the same number (more than one) of columns in every row."""
    written = [line for line in lines if line.strip()]
    best: tuple[list[list[str]], str | None] = ([], None)
    for delimiter in DELIMITERS:
        # A quote inside tab-separated text is an ordinary character.
        quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        try:
            rows = list(csv.reader(written, delimiter=delimiter, quoting=quoting))  # type: ignore[arg-type]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(widths) == 1 and widths != {1} and (best[1] is None or len(rows[0]) > len(best[0][0])):
            best = (rows, delimiter)
    return best


def has_header(rows: list[list[str]]) -> bool:
    """Return whether the first row has names and a column below is not text, as Glue's CSV classifier decides."""
    if len(rows) < 2 or any(text_type(cell) != "string" or not cell.strip() for cell in rows[0]):
        return False
    if len(set(rows[0])) != len(rows[0]) or any(len(cell) > 150 for cell in rows[0]):
        return False
    return any(text_type(cell) != "string" for row in rows[1:] for cell in row)


def text_type(cell: str) -> str:
    if re.fullmatch(r"[+-]?\d{1,18}", cell):
        return "bigint"
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell):
        return "double"
    return "string"


def merge(kinds: set[str]) -> str:
    merged = None
    for kind in sorted(kinds):
        merged = kind if merged is None else wider(merged, kind)
    return merged or "string"


def json_schema(key: str, lines: list[str], text: str) -> Schema:
    try:
        records = [json.loads(line) for line in lines if line.strip()]
    except (ValueError, RecursionError):
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unclassified(f"{key} is not JSON: {error}") from error
        records = whole if isinstance(whole, list) else [whole]
    columns: dict[str, str] = {}
    for record in records:
        if not isinstance(record, dict):
            raise Unclassified(f"{key} holds JSON values that are not objects")
        for name, value in record.items():
            kind, name = json_type(value), column_name(name)
            if kind is not None:
                columns[name] = wider(columns[name], kind) if name in columns else kind
    return Schema("json", columns)


def json_type(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int" if abs(value) < 2**31 else "bigint"
    if isinstance(value, float):
        return "double"
    if isinstance(value, list):
        return f"array<{merge({json_type(item) or 'string' for item in value})}>"
    if isinstance(value, dict):
        return (
            "struct<" + ",".join(f"{name.lower()}:{json_type(item) or 'string'}" for name, item in value.items()) + ">"
        )
    return "string"


def parquet_schema(content: bytes) -> Schema:
    import pyarrow.parquet

    schema = pyarrow.parquet.ParquetFile(io.BytesIO(content)).schema_arrow
    return Schema("parquet", {column_name(field.name): arrow_type(field.type) for field in schema})


def arrow_type(kind: Any) -> str:
    import pyarrow.types as types

    simple = {
        "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "uint8": "smallint",
        "uint16": "int", "uint32": "bigint", "uint64": "bigint", "halffloat": "float", "float": "float",
        "double": "double", "bool": "boolean", "string": "string", "large_string": "string", "binary": "binary",
        "large_binary": "binary", "date32[day]": "date", "date64[ms]": "date",
    }  # fmt: skip
    if types.is_dictionary(kind):
        return arrow_type(kind.value_type)
    if types.is_timestamp(kind):
        return "timestamp"
    if types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if types.is_list(kind) or types.is_large_list(kind):
        return f"array<{arrow_type(kind.value_type)}>"
    if types.is_struct(kind):
        return "struct<" + ",".join(f"{field.name.lower()}:{arrow_type(field.type)}" for field in kind) + ">"
    if types.is_map(kind):
        return f"map<{arrow_type(kind.key_type)},{arrow_type(kind.item_type)}>"
    return simple.get(str(kind), "string")


def column_name(name: str) -> str:
    return re.sub(r"[^0-9a-z_]+", "_", str(name).strip().lower()) or "_"
