"""Objects of many rows, written a batch at a time: the memory holds a batch, the disk one file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

ROWS_PER_BATCH = 20_000
ROWS_PER_FILE = 1_000_000
COLUMNS = ("review_id", "group_id", "rating", "label", "text")
SOURCE_COLUMN = "source"


def facts(key: str, path: Path, rows: int) -> dict[str, Any]:
    """Return an object's facts for the report, from the file that it is made from."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return {"key": key, "bytes": path.stat().st_size, "rows": rows, "sha256": digest.hexdigest()}


class JsonLines:
    """One object with a JSON document per line."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key, self.rows = key, 0
        self.path = folder / key.replace("/", "~")
        self._file = self.path.open("w", encoding="utf-8")

    def add(self, document: dict[str, Any]) -> None:
        self._file.write(json.dumps(document, ensure_ascii=False) + "\n")
        self.rows += 1

    def close(self) -> dict[str, Any]:
        self._file.close()
        return facts(self.key, self.path, self.rows)


class ParquetParts:
    """Rows of one partition as Parquet files.

    `with_source`: the column is left out where it is a partition key, because Glue refuses a name used twice.
    """

    def __init__(self, prefix: str, folder: Path, *, with_source: bool, first: int = 0, tag: str = "") -> None:
        self._prefix, self._folder, self._number, self._tag = prefix, folder, first, tag
        self.names = COLUMNS + ((SOURCE_COLUMN,) if with_source else ())
        self._batch: list[tuple[Any, ...]] = []
        self._writer: Any = None
        self._key, self._path, self._rows = "", Path(), 0
        self._done: list[tuple[dict[str, Any], Path]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """Add one row, cells in the order of `names`."""
        self._batch.append(row)
        if len(self._batch) >= ROWS_PER_BATCH:
            self._flush()

    def close(self) -> list[tuple[dict[str, Any], Path]]:
        """Return facts and file of each object. A partition without rows has none."""
        self._flush()
        self._end_file()
        return self._done

    def _flush(self) -> None:
        if not self._batch:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(name, pa.float64() if name == "rating" else pa.string()) for name in self.names])
        cells = zip(*self._batch, strict=True)
        columns = [pa.array(column, kind) for column, kind in zip(cells, schema.types, strict=True)]
        if self._writer is None:
            self._key = f"{self._prefix}part-{self._number:05d}{self._tag}.parquet"
            self._path = self._folder / self._key.replace("/", "~")
            self._writer = pq.ParquetWriter(self._path, schema, compression="snappy")
        self._writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        self._rows += len(self._batch)
        self._batch.clear()
        if self._rows >= ROWS_PER_FILE:
            self._end_file()

    def _end_file(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._done.append((facts(self._key, self._path, self._rows), self._path))
        self._writer, self._rows = None, 0
        self._number += 1
