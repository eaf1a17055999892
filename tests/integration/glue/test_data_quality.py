"""Rulesets are evaluated on the table's data, under the run's role."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.compute import ROLE, unique, wait_for

pytestmark = pytest.mark.emulator

RULES = """Rules = [
  RowCount = 4,
  IsComplete "id",
  Completeness "rating" > 0.9,
  ColumnValues "label" in ["positive", "negative"],
  MysteryRule "id"
]"""


@pytest.fixture(scope="module")
def table(aws: Any, bucket: str) -> tuple[str, str]:
    """Four rows; one has no rating."""
    database = unique("quality").replace("-", "_")
    sink = io.BytesIO()
    labels = ["positive", "negative", "positive", "positive"]
    pq.write_table(pa.table({"id": ["1", "2", "3", "4"], "rating": [1.0, None, 2.0, -3.5], "label": labels}), sink)
    aws("s3").put_object(Bucket=bucket, Key=f"{database}/reviews/a.parquet", Body=sink.getvalue())
    aws("glue").create_database(DatabaseInput={"Name": database})
    storage = {
        "Location": f"s3://{bucket}/{database}/reviews/",
        "Columns": [{"Name": n, "Type": t} for n, t in (("id", "string"), ("rating", "double"), ("label", "string"))],
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    }
    aws("glue").create_table(DatabaseName=database, TableInput={"Name": "reviews", "StorageDescriptor": storage})
    return database, "reviews"


def evaluated(aws: Any, table: tuple[str, str], ruleset: str) -> dict[str, Any]:
    glue, name = aws("glue"), unique("ruleset")
    glue.create_data_quality_ruleset(Name=name, Ruleset=ruleset, Tags={"project": "quality"})
    source = {"GlueTable": {"DatabaseName": table[0], "TableName": table[1]}}
    run = glue.start_data_quality_ruleset_evaluation_run(DataSource=source, Role=ROLE, RulesetNames=[name])["RunId"]
    return dict(
        wait_for(
            lambda: glue.get_data_quality_ruleset_evaluation_run(RunId=run),
            until=lambda result: result["Status"] not in ("STARTING", "RUNNING"),
        )
    )


def test_each_rule_is_judged_by_the_rows(aws: Any, table: tuple[str, str], seen: Any) -> None:
    run = evaluated(aws, table, RULES)
    assert run["Status"] == "SUCCEEDED", run
    result = aws("glue").get_data_quality_result(ResultId=run["ResultIds"][0])
    assert [rule["Result"] for rule in result["RuleResults"]] == ["PASS", "PASS", "FAIL", "PASS", "ERROR"]
    assert result["Score"] == 3 / 5
    failed, unknown = result["RuleResults"][2], result["RuleResults"][4]
    assert failed["EvaluatedMetrics"] == {"Column.rating.Completeness": 0.75}
    assert "MysteryRule" in unknown["EvaluationMessage"]
    [record] = seen(kind="data-quality", resource=run["RunId"])
    assert (record["fidelity"], record["exit_code"]) == ("executed", 0)


def test_a_missing_table_fails_the_run(aws: Any, table: tuple[str, str]) -> None:
    run = evaluated(aws, (table[0], "nothing"), "Rules = [ RowCount > 0 ]")
    assert run["Status"] == "FAILED"
    assert "TABLE_NOT_FOUND" in run["ErrorString"]


def test_rulesets_are_kept_changed_and_deleted(aws: Any) -> None:
    glue, name = aws("glue"), unique("kept")
    glue.create_data_quality_ruleset(Name=name, Ruleset="Rules = [ RowCount > 0 ]", Description="first")
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_data_quality_ruleset(Name=name, Ruleset="Rules = [ RowCount > 0 ]")
    with pytest.raises(glue.exceptions.InvalidInputException, match="expected a number"):
        glue.update_data_quality_ruleset(Name=name, Ruleset="Rules = [ RowCount > ]")
    glue.update_data_quality_ruleset(Name=name, Ruleset="Rules = [ RowCount > 7 ]")
    ruleset = glue.get_data_quality_ruleset(Name=name)
    assert (ruleset["Description"], ruleset["Ruleset"]) == ("first", "Rules = [ RowCount > 7 ]")
    glue.delete_data_quality_ruleset(Name=name)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_data_quality_ruleset(Name=name)
