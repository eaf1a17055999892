"""Tables of the Glue catalogue as DuckDB views.

Hive's rules, which Athena follows: the schema belongs to the table, not to the files; a column that a file lacks is
NULL, text that is not a number is NULL, and values beyond the table's columns are ignored.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from emulator.services.athena.errors import QueryFailed

PARQUET = "parquet"
TEXT = "lazysimple"
CSV = "opencsv"
JSON = "json"


@dataclass(frozen=True)
class Format:
    kind: str
    delimiter: str = ","
    quote: str = '"'
    escape: str = "\\"
    skipped_lines: int = 0


@dataclass(frozen=True)
class Object:
    """One S3 object of a table, with the values of its partition."""

    bucket: str
    key: str
    etag: str
    size: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class GlueTable:
    database: str
    name: str
    columns: dict[str, str]
    """Hive type by name."""
    keys: dict[str, str]
    """Partition keys, Hive type by name."""
    location: str
    format: Format

    @property
    def reference(self) -> str:
        return f"{quoted(self.database)}.{quoted(self.name)}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def duckdb_type(hive: str) -> str:
    return exp.DataType.build(hive, dialect="hive").sql("duckdb")


def read_definition(table: dict[str, Any]) -> GlueTable:
    """Read GetTable's response. Raise `QueryFailed` for an unsupported serialisation."""
    storage = table.get("StorageDescriptor") or {}
    name = f"{table['DatabaseName']}.{table['Name']}"
    if table.get("TableType") == "VIRTUAL_VIEW":
        raise QueryFailed(f"NOT_SUPPORTED: {name} is a view; the local Athena reads tables only")
    return GlueTable(
        database=table["DatabaseName"],
        name=table["Name"],
        columns={column["Name"].lower(): column["Type"] for column in storage.get("Columns", [])},
        keys={column["Name"].lower(): column["Type"] for column in table.get("PartitionKeys") or []},
        location=storage.get("Location", ""),
        format=_format(name, storage),
    )


def _format(name: str, storage: dict[str, Any]) -> Format:
    serde = storage.get("SerdeInfo") or {}
    library = serde.get("SerializationLibrary", "").lower()
    options = {**(storage.get("Parameters") or {}), **(serde.get("Parameters") or {})}
    skipped = int(options.get("skip.header.line.count", "0"))
    if "parquet" in library:
        return Format(PARQUET)
    if "json" in library:
        return Format(JSON)
    if "opencsv" in library:
        return Format(
            CSV,
            options.get("separatorChar", ","),
            options.get("quoteChar", '"'),
            options.get("escapeChar", "\\"),
            skipped,
        )
    if "lazysimple" in library:
        return Format(TEXT, options.get("field.delim", options.get("serialization.format", "\x01")), "", "", skipped)
    raise QueryFailed(f"HIVE_UNSUPPORTED_FORMAT: {name} is stored with {library or 'no serialisation library'}")


def prepare(file: Path, form: Format) -> None:
    """Make a downloaded text file readable, in place: unpacked, UTF-8, without its header lines.

    Invalid UTF-8 becomes U+FFFD, as in Athena.
    """
    if form.kind == PARQUET:
        return
    raw = file.read_bytes()
    if raw.startswith(b"\x1f\x8b"):
        raw = gzip.decompress(raw)
    lines = raw.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n").split("\n")
    file.write_text("\n".join(lines[form.skipped_lines :]), encoding="utf-8", newline="\n")


def create(connection: duckdb.DuckDBPyConnection, table: GlueTable, files: list[tuple[Path, Object]]) -> None:
    """Create the table as a view of its files, with the partition keys last."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.database)}")
    names = [(str(path), *item.values) for path, item in files]
    if not names:
        connection.execute(f"CREATE TABLE {table.reference} ({_declared(table)})")
        return
    mapping = f"files_{table.database}_{table.name}"
    keys = ", ".join(f"k{number} VARCHAR" for number in range(len(table.keys)))
    connection.execute(f"CREATE TEMP TABLE {quoted(mapping)} (file VARCHAR{', ' + keys if keys else ''})")
    connection.executemany(f"INSERT INTO {quoted(mapping)} VALUES ({', '.join('?' * (1 + len(table.keys)))})", names)
    columns = READERS[table.format.kind](connection, table, [str(path) for path, _ in files])
    partition = [
        f"CAST(m.k{number} AS {duckdb_type(kind)}) AS {quoted(key)}"
        for number, (key, kind) in enumerate(table.keys.items())
    ]
    connection.execute(
        f"CREATE TEMP VIEW {quoted('rows_' + mapping)} AS SELECT {', '.join(columns.selected + partition)} "
        f"FROM {columns.source} AS f JOIN {quoted(mapping)} AS m ON f.filename = m.file"
    )
    connection.execute(f"CREATE VIEW {table.reference} AS SELECT * FROM {quoted('rows_' + mapping)}")


def _declared(table: GlueTable) -> str:
    return ", ".join(
        f"{quoted(name)} {duckdb_type(kind)}" for name, kind in [*table.columns.items(), *table.keys.items()]
    )


@dataclass(frozen=True)
class Columns:
    source: str
    selected: list[str]


def _list(files: list[str]) -> str:
    return "[" + ", ".join(text(file) for file in files) + "]"


def _parquet(connection: duckdb.DuckDBPyConnection, table: GlueTable, files: list[str]) -> Columns:
    source = f"read_parquet({_list(files)}, union_by_name=true, filename=true, hive_partitioning=false)"
    present = {row[0].lower() for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    selected = [
        f"CAST({'f.' + quoted(name) if name in present else 'NULL'} AS {duckdb_type(kind)}) AS {quoted(name)}"
        for name, kind in table.columns.items()
    ]
    return Columns(source, selected)


def _lines(files: list[str]) -> str:
    return f"(SELECT filename, unnest(string_split(content, chr(10))) AS line FROM read_text({_list(files)}))"


def _text(connection: duckdb.DuckDBPyConnection, table: GlueTable, files: list[str]) -> Columns:
    cells = f"string_split(f.line, {text(table.format.delimiter)})"
    selected = []
    for number, (name, kind) in enumerate(table.columns.items(), start=1):
        cell = f"nullif({cells}[{number}], '\\N')"
        target = duckdb_type(kind)
        selected.append(f"{cell if target == 'TEXT' else f'TRY_CAST({cell} AS {target})'} AS {quoted(name)}")
    return Columns(_lines(files), selected)


def _csv(connection: duckdb.DuckDBPyConnection, table: GlueTable, files: list[str]) -> Columns:
    declared = ", ".join(f"{text(name)}: 'VARCHAR'" for name in table.columns)
    form = table.format
    source = (
        f"read_csv({_list(files)}, columns={{{declared}}}, delim={text(form.delimiter)}, quote={text(form.quote)}, "
        f"escape={text(form.quote)}, header=false, auto_detect=false, null_padding=true, strict_mode=false, "
        "filename=true)"
    )
    selected = [
        f"TRY_CAST(f.{quoted(name)} AS {duckdb_type(kind)}) AS {quoted(name)}" for name, kind in table.columns.items()
    ]
    return Columns(source, selected)


def _json(connection: duckdb.DuckDBPyConnection, table: GlueTable, files: list[str]) -> Columns:
    selected = []
    for name, kind in table.columns.items():
        path, target = text(f'$."{name}"'), duckdb_type(kind)
        nested = kind.lower().startswith(("array", "struct", "map"))
        value = f"json_extract(f.line, {path})" if nested else f"json_extract_string(f.line, {path})"
        selected.append(f"TRY_CAST({value} AS {target}) AS {quoted(name)}")
    return Columns(_lines(files), selected)


READERS: dict[str, Callable[[duckdb.DuckDBPyConnection, GlueTable, list[str]], Columns]] = {
    PARQUET: _parquet,
    TEXT: _text,
    CSV: _csv,
    JSON: _json,
}
