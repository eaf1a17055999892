"""Generate the data quality rules (DQDL) that follow from a dataset's columns and roles. Pure.

The ETL checks each row by the same contract; these rules check what it wrote, by AWS's own engine. A pattern is not
repeated: DQDL's and Python's regular expressions differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config.model.dataset import Column, Dataset


def rules(dataset: Dataset) -> list[str]:
    """Return the rules for the processed rows, one per line."""
    lines = ["RowCount > 0"]
    if dataset.roles.id is not None:
        lines.append(f'IsPrimaryKey "{dataset.roles.id}"')
    for column in dataset.produced:
        lines += _of_column(column)
    return lines


def _of_column(column: Column) -> Iterator[str]:
    if column.required:
        yield f'IsComplete "{column.name}"'
    if column.values is not None and column.type == "string":
        yield f'ColumnValues "{column.name}" in [{", ".join(_text(str(value)) for value in column.values)}]'
    if column.minimum is not None:
        yield f'ColumnValues "{column.name}" >= {_number(column.minimum)}'
    if column.maximum is not None:
        yield f'ColumnValues "{column.name}" <= {_number(column.maximum)}'
    if column.min_length:
        yield f'ColumnLength "{column.name}" >= {column.min_length}'
    if column.max_length is not None:
        yield f'ColumnLength "{column.name}" <= {column.max_length}'


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else repr(value)
