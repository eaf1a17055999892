"""Run SQL over the platform's catalogue with Athena."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.aws.client import explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import Json
from orchestrator.errors import QueryFailed

POLL_SECONDS = (0.1, 0.2, 0.4, 1.0)
"""Intervals between polls; the last one is repeated."""
ACTIVE = ("QUEUED", "RUNNING")


@dataclass(frozen=True)
class Answer:
    """The result of a query. A value of `None` is SQL's NULL."""

    query_id: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    scanned_bytes: int = 0
    seconds: float = 0.0
    output: str = ""
    """URI of the result object."""


def run_query(
    cloud: Cloud,
    sql: str,
    *,
    database: str,
    workgroup: str,
    limit: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Run a query and wait for its result.

    Args:
        database: the default database of tables.
        workgroup: the workgroup, whose settings (place of the results, limit of bytes) apply.
        limit: rows to fetch; `None` fetches all.
        stopping: called while waiting; the query is stopped when it returns `True`.

    Raises:
        QueryFailed: Athena rejected the query or it failed; the message is Athena's.
    """
    athena = cloud.client("athena")
    with explained(cloud, "start the query", QueryFailed):
        started = athena.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=workgroup
        )
    query_id = str(started["QueryExecutionId"])
    with explained(cloud, "follow the query", QueryFailed):
        execution = _wait(athena, query_id, stopping, sleep)
    status = execution["Status"]
    if status["State"] != "SUCCEEDED":
        reason = status.get("StateChangeReason", "no reason given")
        hint = f"The query's id in Athena is {query_id}."
        if "TABLE_NOT_FOUND" in reason:
            hint = f"A crawler creates the tables, those of a batch blueprint after its first request. {hint}"
        raise QueryFailed(f"query {status['State'].lower()}: {reason}", hint=hint)
    statistics = execution.get("Statistics", {})
    with explained(cloud, "read the results", QueryFailed):
        columns, types, rows = _results(athena, query_id, limit, has_header=execution.get("StatementType") == "DML")
    return Answer(
        query_id,
        columns,
        types,
        rows,
        int(statistics.get("DataScannedInBytes", 0)),
        statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
        str(execution.get("ResultConfiguration", {}).get("OutputLocation", "")),
    )


def _wait(athena: Any, query_id: str, stopping: Callable[[], bool], sleep: Callable[[float], None]) -> Json:
    polls = 0
    while True:
        execution: Json = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] not in ACTIVE:
            return execution
        if stopping():
            athena.stop_query_execution(QueryExecutionId=query_id)
        sleep(POLL_SECONDS[min(polls, len(POLL_SECONDS) - 1)])
        polls += 1


def _results(
    athena: Any, query_id: str, limit: int | None, *, has_header: bool
) -> tuple[tuple[str, ...], tuple[str, ...], list[tuple[str | None, ...]]]:
    info: list[Json] = []
    rows: list[tuple[str | None, ...]] = []
    for page in _pages(athena, query_id):
        info = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        rows += [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in page["ResultSet"]["Rows"]]
        if limit is not None and len(rows) > limit + has_header:
            break
    rows = rows[1:] if has_header else rows
    names = tuple(str(column["Name"]) for column in info)
    return names, tuple(str(column["Type"]) for column in info), rows if limit is None else rows[:limit]


def _pages(athena: Any, query_id: str) -> Iterator[Json]:
    token: str | None = None
    while True:
        more = {"NextToken": token} if token else {}
        page: Json = athena.get_query_results(QueryExecutionId=query_id, **more)
        yield page
        token = page.get("NextToken")
        if not token:
            return
