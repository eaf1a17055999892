"""From processed files to those of the splits, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tabular.contract import group_of
from tabular.job import Job
from tabular.parts import ROWS_PER_BATCH, JsonLines, ParquetParts, schema_of
from tabular.publish import Part
from tabular.report import Tally
from tabular.split import SPLITS
from tabular.values import checker

Rule = Callable[[Sequence[str], Sequence[Any]], list[str]]
"""Returns the splits of rows, given their groups and times."""


class SecondPass:
    """Takes the processed files in order, and writes their rows into those of the splits."""

    def __init__(self, job: Job, folder: Path, tally: Tally, rule: Rule) -> None:
        self._spec, self._tally, self._rule = job.spec, tally, rule
        self._features = {name: ParquetParts(job.features_folder(name), folder) for name in SPLITS}
        self._labels = JsonLines(job.labels, folder)
        self._schema = schema_of(job.spec.output)

    def take(self, path: Path, folders: Sequence[str]) -> None:
        """Take a file.

        Args:
            folders: values of the folders' columns, which its rows do not hold.
        """
        import pyarrow.parquet as pq

        values = [checker(column)(text) for column, text in zip(self._spec.folder_columns, folders, strict=True)]
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_PER_BATCH):
                self._take(batch, values)

    def _take(self, batch: Any, values: Sequence[Any]) -> None:
        import pyarrow as pa

        kinds = self._schema.types[batch.num_columns :]
        constant = [pa.array([value] * batch.num_rows, kind) for value, kind in zip(values, kinds, strict=True)]
        table = pa.Table.from_arrays([*batch.columns, *constant], schema=self._schema)
        splits = self._splits_of(table)
        for name, parts in self._features.items():
            parts.add(table.filter(pa.array([split == name for split in splits])))

    def _splits_of(self, table: Any) -> list[str]:
        """Return the rows' splits, and count them."""
        spec, tally = self._spec, self._tally

        def column(name: str | None) -> list[Any]:
            return [None] * table.num_rows if name is None else list(table.column(name).to_pylist())

        ids, labels, values = column(spec.id), column(spec.roles.label), column(spec.roles.group)
        groups = [group_of(spec, row_id, value) for row_id, value in zip(ids, values, strict=True)]
        splits = self._rule(groups, column(spec.roles.time))
        for (split, label), count in Counter(zip(splits, labels, strict=True)).items():
            tally.place(split, label, count)
        for split, group in set(zip(splits, groups, strict=True)) if tally.grouped else ():
            tally.place_group(split, group)
        for row_id, label, split in zip(ids, labels, splits, strict=True):
            if split == "test":
                self._labels.add({"id": row_id, "label": label})
        return splits

    def close(self) -> tuple[list[Part], Part]:
        """Return the files of the splits, and that of the labels."""
        features = [part for name in sorted(self._features) for part in self._features[name].close()]
        return features, (self._labels.close(), self._labels.path)
