"""Objects of many rows, written a batch at a time: the memory holds a batch, the disk one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tabular.spec import Column
from tabular.values import text_of

ROWS_PER_BATCH = 20_000
ROWS_PER_FILE = 1_000_000


def facts(key: str, path: Path, rows: int) -> dict[str, Any]:
    """Return an object's facts for the report, from the file that it is made from."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return {"key": key, "bytes": path.stat().st_size, "rows": rows, "sha256": digest.hexdigest()}


def schema_of(columns: Iterable[Column]) -> Any:
    """Return the Arrow schema of columns. Times are in UTC, as Athena and pandas take times without a zone."""
    import pyarrow as pa

    types = {
        "string": pa.string(), "bigint": pa.int64(), "double": pa.float64(), "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us"), "date": pa.date32(),
    }  # fmt: skip
    return pa.schema([(column.name, types[column.type]) for column in columns])


def table_of(rows: Sequence[tuple[Any, ...]], schema: Any) -> Any:
    """Return rows as an Arrow table, cells in the schema's order."""
    import pyarrow as pa

    cells = zip(*rows, strict=True)
    columns = [pa.array(column, kind) for column, kind in zip(cells, schema.types, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


class JsonLines:
    """One object with a JSON document per line."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key, self.rows = key, 0
        self.path = folder / key.replace("/", "~")
        self._file = self.path.open("w", encoding="utf-8", errors="surrogatepass")

    def add(self, document: dict[str, Any]) -> None:
        self._file.write(json.dumps(document, ensure_ascii=False, default=text_of) + "\n")
        self.rows += 1

    def close(self) -> dict[str, Any]:
        self._file.close()
        return facts(self.key, self.path, self.rows)


class ParquetParts:
    """Tables of one partition as Parquet files below `prefix`."""

    def __init__(self, prefix: str, folder: Path, *, first: int = 0, tag: str = "") -> None:
        self._prefix, self._folder, self._number, self._tag = prefix, folder, first, tag
        self._waiting: list[Any] = []
        self._writer: Any = None
        self._key, self._path, self._rows = "", Path(), 0
        self._done: list[tuple[dict[str, Any], Path]] = []

    def add(self, table: Any) -> None:
        """Add a table; small ones are joined to batches."""
        self._waiting.append(table)
        if sum(each.num_rows for each in self._waiting) >= ROWS_PER_BATCH:
            self._flush()

    def close(self) -> list[tuple[dict[str, Any], Path]]:
        """Return facts and file of each object. A partition without rows has none."""
        self._flush()
        self._end_file()
        return self._done

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        batch = pa.concat_tables(self._waiting) if self._waiting else None
        self._waiting = []
        if batch is None or not batch.num_rows:
            return
        if self._writer is None:
            self._key = f"{self._prefix}part-{self._number:05d}{self._tag}.parquet"
            self._path = self._folder / self._key.replace("/", "~")
            self._writer = pq.ParquetWriter(self._path, batch.schema, compression="snappy")
        self._writer.write_table(batch)
        self._rows += batch.num_rows
        if self._rows >= ROWS_PER_FILE:
            self._end_file()

    def _end_file(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._done.append((facts(self._key, self._path, self._rows), self._path))
        self._writer, self._rows = None, 0
        self._number += 1


class Rows:
    """Rows of one partition, made tables in batches."""

    def __init__(self, parts: ParquetParts, schema: Any) -> None:
        self._parts, self._schema = parts, schema
        self._batch: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self._batch.append(row)
        if len(self._batch) >= ROWS_PER_BATCH:
            self._flush()

    def close(self) -> list[tuple[dict[str, Any], Path]]:
        self._flush()
        return self._parts.close()

    def _flush(self) -> None:
        if self._batch:
            self._parts.add(table_of(self._batch, self._schema))
            self._batch.clear()
