"""Generate the data quality rules (DQDL) that follow from a dataset's columns and roles. Pure.

The ETL checks each row by the same contract; these rules check what it wrote, by AWS's own engine. A pattern is not
repeated: DQDL's and Python's regular expressions differ.

Glue counts an empty value as one that breaks a rule about values or lengths. Where values may be empty, the rule is a
query that counts the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config.model.dataset import Column, Dataset

GENERATED_ID = "row_id"
"""Column that the ETL adds to rows without an id."""


def rules(dataset: Dataset) -> list[str]:
    """Return the rules for the processed rows, one per line."""
    roles = dataset.roles
    lines = ["RowCount > 0", f'IsPrimaryKey "{roles.id or GENERATED_ID}"']
    always = {roles.id, roles.group, roles.label}
    for column in dataset.produced:
        lines += _of_full_column(column) if column.required or column.name in always else _of_column(column)
    return lines


def _of_full_column(column: Column) -> Iterator[str]:
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


def _of_column(column: Column) -> Iterator[str]:
    """Yield the rules for a column with empty values, for which no comparison holds."""
    # Qualified, so that the name of a column may be a word of SQL.
    name = f"primary.{column.name}"
    if column.values is not None and column.type == "string":
        listed = ", ".join("'" + str(value).replace("'", "''") + "'" for value in column.values)
        yield _none(f"{name} not in ({listed})")
    if column.minimum is not None:
        yield _none(f"{name} < {_number(column.minimum)}")
    if column.maximum is not None:
        yield _none(f"{name} > {_number(column.maximum)}")
    if column.min_length:
        yield _none(f"length({name}) < {column.min_length}")
    if column.max_length is not None:
        yield _none(f"length({name}) > {column.max_length}")


def _none(condition: str) -> str:
    return f"CustomSql {_text(f'select count(*) from primary where {condition}')} = 0"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else repr(value)
