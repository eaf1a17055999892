from __future__ import annotations

from typing import Any

import pytest

from orchestrator.aws.query import run_query
from orchestrator.errors import QueryFailed
from tests.fakes.aws import FakeCloud

INFO = [{"Name": "source", "Type": "varchar"}, {"Name": "n", "Type": "bigint"}]


def row(*values: str | None) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def page(*rows: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    more = {"NextToken": token} if token else {}
    return {"ResultSet": {"Rows": list(rows), "ResultSetMetadata": {"ColumnInfo": INFO}}, **more}


def cloud(states: list[dict[str, Any]], pages: list[dict[str, Any]], kind: str = "DML") -> FakeCloud:
    def execution(QueryExecutionId: str) -> dict[str, Any]:
        status = states.pop(0) if len(states) > 1 else states[0]
        return {
            "QueryExecution": {
                "Status": status,
                "StatementType": kind,
                "Statistics": {"DataScannedInBytes": 12, "TotalExecutionTimeInMillis": 1500},
                "ResultConfiguration": {"OutputLocation": "s3://b/q.csv"},
            }
        }

    return FakeCloud(
        services={
            "athena": {
                "start_query_execution": {"QueryExecutionId": "q"},
                "get_query_execution": execution,
                "get_query_results": lambda QueryExecutionId, NextToken="0": pages[int(NextToken)],
                "stop_query_execution": lambda QueryExecutionId: states.insert(0, {"State": "CANCELLED"}),
            }
        }
    )


def answer(fake: FakeCloud, **options: Any) -> Any:
    return run_query(fake, "SELECT 1", database="d", workgroup="w", sleep=lambda seconds: None, **options)


def test_waits_and_pages_through_all_rows_without_the_header() -> None:
    fake = cloud(
        [{"State": "QUEUED"}, {"State": "RUNNING"}, {"State": "SUCCEEDED"}],
        [page(row("source", "n"), row("amazon", "3"), token="1"), page(row("movie", None))],
    )
    got = answer(fake)
    assert got.rows == [("amazon", "3"), ("movie", None)]
    assert (got.columns, got.types) == (("source", "n"), ("varchar", "bigint"))
    assert (got.scanned_bytes, got.seconds, got.output) == (12, 1.5, "s3://b/q.csv")
    assert fake.calls[0][1]["QueryExecutionContext"] == {"Database": "d"}


def test_only_pages_with_requested_rows_are_read() -> None:
    pages = [page(row("source", "n"), row("a", "1"), row("b", "2"), token="7")]
    assert answer(cloud([{"State": "SUCCEEDED"}], pages), limit=1).rows == [("a", "1")]


def test_statements_about_the_catalogue_have_no_header() -> None:
    assert answer(cloud([{"State": "SUCCEEDED"}], [page(row("reviews"))], kind="UTILITY")).rows == [("reviews",)]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"State": "FAILED", "StateChangeReason": "TABLE_NOT_FOUND: t"}, "query failed: TABLE_NOT_FOUND: t"),
        ({"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit"}, "query cancelled: Bytes scanned limit"),
    ],
)
def test_a_failure_is_reported_with_athena_s_message(status: dict[str, Any], words: str) -> None:
    with pytest.raises(QueryFailed, match=words):
        answer(cloud([status], []))


def test_a_missing_table_has_a_hint_about_crawlers() -> None:
    with pytest.raises(QueryFailed) as caught:
        answer(cloud([{"State": "FAILED", "StateChangeReason": "TABLE_NOT_FOUND: t"}], []))
    assert str(caught.value.hint).startswith(
        "A crawler creates the tables, those of a batch blueprint after its first "
    )


def test_an_interrupt_stops_the_query() -> None:
    fake = cloud([{"State": "RUNNING"}], [])
    with pytest.raises(QueryFailed, match="query cancelled"):
        answer(fake, stopping=lambda: True)
    assert "athena.stop_query_execution" in [name for name, _ in fake.calls]
