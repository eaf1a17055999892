"""The request that the engine passes to a query's process, and the outcome that it gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    query_id: str
    sql: str
    database: str
    parameters: list[str]
    output: str
    """`s3://…/` folder of the results."""
    enforced: bool
    """Whether the work group's settings override those of the query."""
    limit_bytes: int | None
    encryption: dict[str, str]
    """Arguments of PutObject."""


@dataclass
class Outcome:
    state: str = "SUCCEEDED"
    reason: str | None = None
    type: str = "DML"
    """`StatementType` of GetQueryExecution."""
    columns: list[dict[str, Any]] | None = None
    """`ColumnInfo` of each."""
    scanned_bytes: int = 0
    """Sum of the sizes of all objects read; Athena counts only the columns that it reads from Parquet."""
    output: str = ""
    """URI of the result object."""
    manifest: str | None = None
    has_header: bool = True
    """Whether GetQueryResults begins with the column names, as it does for queries."""
    seconds: float = 0.0
