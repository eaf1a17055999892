"""Which records are put, deleted and skipped, what is tried again, and what a run says of those that failed."""

from __future__ import annotations

import argparse
import ast
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

REPO = Path(__file__).resolve().parents[4]
SOURCE = "features/ingest.py"
AT, LATER = "2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"
CREATED = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def job(load_job: Callable[[str], ModuleType]) -> ModuleType:
    return load_job(SOURCE)


class Runtime:
    """The store's runtime; `refuse` answers an error code for a record and an attempt, or nothing."""

    def __init__(self, refuse: Callable[[str, int], str | None] = lambda key, attempt: None) -> None:
        self.refuse, self.attempts = refuse, Counter[str]()
        self.records: dict[str, dict[str, str]] = {}
        self.deleted: dict[str, str] = {}

    def take(self, record: list[dict[str, str]]) -> str | None:
        values = {each["FeatureName"]: each["ValueAsString"] for each in record}
        key = values["note"]
        self.attempts[key] += 1
        code = self.refuse(key, self.attempts[key])
        if code is None:
            self.records[key] = values
        return code

    def put_record(self, *, FeatureGroupName: str, Record: list[dict[str, str]]) -> None:
        if code := self.take(Record):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutRecord")

    def delete_record(self, *, FeatureGroupName: str, RecordIdentifierValueAsString: str, EventTime: str) -> None:
        self.deleted[RecordIdentifierValueAsString] = EventTime


class BatchRuntime(Runtime):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sizes: list[int] = []

    def batch_write_record(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.sizes.append(len(Entries))
        answer: dict[str, Any] = {"Errors": [], "UnprocessedEntries": []}
        for entry in Entries:
            code = self.take(entry["Record"])
            if code == "unprocessed":
                answer["UnprocessedEntries"].append(entry)
            elif code:
                answer["Errors"].append({"Entry": entry, "ErrorCode": code, "ErrorMessage": "no"})
        return answer


KINDS = pytest.mark.parametrize("kind", [Runtime, BatchRuntime])


COLUMNS = {"note": "String", "rating": "Fractional", "label": "String", "seen": "String"}
"""Of the features' files, with their types in the group."""


def described(**changed: Any) -> dict[str, Any]:
    types = {**COLUMNS, "split": "String", "event_time": "String"}
    return {
        "FeatureGroupName": "group",
        "FeatureGroupStatus": "Created",
        "CreationTime": CREATED,
        "RecordIdentifierFeatureName": "note",
        "EventTimeFeatureName": "event_time",
        "FeatureDefinitions": [{"FeatureName": name, "FeatureType": kind} for name, kind in types.items()],
        **changed,
    }


def group(job: ModuleType, **changed: Any) -> Any:
    return job.group_of(described(**changed))


def rows(job: ModuleType, count: int, event_time: str = AT, **cells: Any) -> list[Any]:
    return [job.row_of(group(job), {"note": f"r{n:03}", **cells}, "train", event_time) for n in range(count)]


def write(job: ModuleType, runtime: Runtime, plan: Any) -> tuple[Any, list[float]]:
    slept: list[float] = []
    return job.Writer(runtime, group(job), slept.append).write(plan, LATER), slept


def test_it_is_python_that_glue_has() -> None:
    text = (REPO / "jobs" / SOURCE).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    later = {word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords}
    assert not later & {"strict", "slots", "kw_only"}
    assert "import UTC" not in text


def test_a_record_has_text_for_every_value_and_nothing_for_none(job: ModuleType) -> None:
    cells = {
        "note": 7,
        "rating": 0.1,
        "label": None,
        "seen": datetime(2026, 1, 2),
        "born": date(1980, 1, 1),
        "ill": True,
    }
    record = job.row_of(group(job), cells, "test", AT).record(group(job))
    assert {each["FeatureName"]: each["ValueAsString"] for each in record} == {
        **{"note": "7", "rating": "0.1", "seen": "2026-01-02T00:00:00", "born": "1980-01-01", "ill": "true"},
        **{"split": "test", "event_time": AT},
    }


def test_only_what_is_new_or_different_is_put_and_what_is_gone_is_deleted(job: ModuleType) -> None:
    before = {row.key: row.digest for row in rows(job, 3, text="same")} | {"r999": "0"}
    now = [*rows(job, 2, LATER, text="same"), *rows(job, 4, LATER, text="other")[2:]]
    plan = job.changes(now, before)
    assert ([row.key for row in plan.put], plan.gone, plan.unchanged) == (["r002", "r003"], ["r999"], 2)


@pytest.mark.parametrize(
    ("cells", "message"),
    [([{"note": "a"}] * 2, "'a' is there twice"), ([{"note": None}], "has no note")],
)
def test_rows_that_cannot_be_distinguished_are_refused(job: ModuleType, cells: list[Any], message: str) -> None:
    with pytest.raises(job.IngestionError, match=message):
        job.changes([job.row_of(group(job), each, "train", AT) for each in cells], {})


@pytest.mark.parametrize("key", ["data/features/notes/x.parquet", "data/split=a/split=b/x.parquet"])
def test_an_object_belongs_to_one_split(job: ModuleType, key: str) -> None:
    with pytest.raises(job.IngestionError, match="must be in one folder split="):
        job.split_of(key)


def test_a_group_that_takes_no_records_is_named(job: ModuleType) -> None:
    assert group(job).columns == set(COLUMNS)
    with pytest.raises(job.IngestionError, match="feature group group is Creating, not Created"):
        group(job, FeatureGroupStatus="Creating")


def test_a_ledger_of_another_group_counts_for_nothing(job: ModuleType) -> None:
    ledger = {"group": "group", "created": AT, "records": {"a": "1"}}
    this = group(job, CreationTime=datetime(2026, 1, 1, 10, tzinfo=UTC))
    later, other = group(job, CreationTime=datetime(2026, 1, 2, 10, tzinfo=UTC)), replace(this, name="other")
    assert job.held(ledger, this) == {"a": "1"}
    assert job.held(ledger, later) == job.held(ledger, other) == job.held({}, this) == {}


@KINDS
def test_every_record_is_put_once_and_what_is_gone_is_deleted(job: ModuleType, kind: type[Runtime]) -> None:
    runtime = kind()
    outcome, slept = write(job, runtime, job.Changes(rows(job, 60), ["gone"], 0))
    assert set(runtime.records) == {row.key for row in rows(job, 60)}
    assert set(runtime.attempts.values()) == {1}
    assert runtime.deleted == {"gone": LATER}
    assert outcome.done == {*runtime.records, "gone"}
    assert (outcome.failed, slept) == ({}, [])
    if isinstance(runtime, BatchRuntime):
        assert sorted(runtime.sizes) == [10, 25, 25]


@KINDS
def test_what_is_throttled_is_tried_again_alone_and_longer_each_time(job: ModuleType, kind: type[Runtime]) -> None:
    runtime = kind(lambda key, attempt: "ThrottlingException" if key == "r001" and attempt < 4 else None)
    outcome, slept = write(job, runtime, job.Changes(rows(job, 3), [], 0))
    assert (outcome.failed, len(outcome.done)) == ({}, 3)
    assert runtime.attempts == {"r000": 1, "r001": 4, "r002": 1}
    assert slept == sorted(slept)
    assert len(slept) == 3


@KINDS
def test_trying_again_has_an_end_and_a_refusal_is_none_to_try_again(job: ModuleType, kind: type[Runtime]) -> None:
    codes = {"r000": "ServiceUnavailable", "r001": "ValidationError"}
    runtime = kind(lambda key, attempt: codes.get(key))
    outcome, _ = write(job, runtime, job.Changes(rows(job, 3), [], 0))
    assert outcome.done == {"r002"}
    assert outcome.failed == {"r000": "ServiceUnavailable: no (6 attempts)", "r001": "ValidationError: no"}
    assert runtime.attempts == {"r000": 6, "r001": 1, "r002": 1}


def test_entries_that_a_batch_left_aside_are_sent_again(job: ModuleType) -> None:
    runtime = BatchRuntime(lambda key, attempt: "unprocessed" if attempt == 1 else None)
    outcome, _ = write(job, runtime, job.Changes(rows(job, 30), [], 0))
    assert (len(outcome.done), outcome.failed, set(runtime.attempts.values())) == (30, {}, {2})


# ---- a whole run ----------------------------------------------------------------------------------------------


class SageMaker:
    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def describe_feature_group(self, *, FeatureGroupName: str) -> dict[str, Any]:
        return self.answer


class Run:
    """Runs of the job on a bucket of moto's."""

    def __init__(self, job: ModuleType, s3: Any) -> None:
        self.job, self.s3, self.created = job, s3, CREATED
        self.changed: dict[str, Any] = {}
        s3.create_bucket(Bucket="data")

    def features(self, **labels: str) -> None:
        """One object of split train with these labels by record."""
        names = dict.fromkeys(COLUMNS, pa.string()) | {"rating": pa.float64()}
        made = [{"note": key, "rating": 1.0, "label": label} for key, label in labels.items()]
        buffer = BytesIO()
        pq.write_table(pa.Table.from_pylist(made, schema=pa.schema(names.items())), buffer)
        self.s3.put_object(Bucket="data", Key="data/features/notes/split=train/part-0.parquet", Body=buffer.getvalue())

    def __call__(self, runtime: Runtime) -> dict[str, Any]:
        arguments = argparse.Namespace(feature_group="group", dataset="notes", run_id="r1")
        sagemaker = SageMaker(described(**{"CreationTime": self.created, **self.changed}))
        report: dict[str, Any] = self.job.run(arguments, self.job.Bucket(self.s3, "data"), sagemaker, runtime)
        kept = self.s3.get_object(Bucket="data", Key="data/features/ingestion/reports/r1.json")["Body"].read()
        assert json.loads(kept) == report
        return report


@pytest.fixture
def run(job: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Run(job, boto3.client("s3"))


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in ("rows", "put", "deleted", "unchanged", "failed"))


def test_a_second_run_on_the_same_features_does_nothing(run: Run) -> None:
    run.features(a="positive", b="negative")
    assert counts(run(BatchRuntime())) == (2, 2, 0, 0, 0)
    again = BatchRuntime()
    assert counts(run(again)) == (2, 0, 0, 2, 0)
    assert not again.records
    run.features(a="negative", c="positive")
    third = BatchRuntime()
    assert counts(run(third)) == (2, 2, 1, 0, 0)
    assert set(third.records) == {"a", "c"}
    assert set(third.deleted) == {"b"}


def test_what_failed_is_reported_and_made_good_by_the_next_run(run: Run) -> None:
    run.features(a="positive", b="negative")
    report = run(BatchRuntime(lambda key, attempt: "ValidationError" if key == "b" else None))
    assert counts(report) == (2, 1, 0, 0, 1)
    assert report["failures"] == {"b": "ValidationError: no"}
    assert counts(run(BatchRuntime())) == (2, 1, 0, 1, 0)


def test_a_new_group_gets_everything_again(run: Run) -> None:
    run.features(a="positive")
    run(BatchRuntime())
    run.created = datetime(2026, 2, 1, tzinfo=UTC)
    assert counts(run(BatchRuntime())) == (1, 1, 0, 0, 0)


def test_features_that_the_group_does_not_have_are_named(run: Run) -> None:
    run.features(a="positive")
    run.changed = {"FeatureDefinitions": [{"FeatureName": name} for name in ("note", "event_time", "split", "size")]}
    with pytest.raises(
        run.job.IngestionError, match=r"has columns \['label', .*; feature group group takes \['note', 'size'\]"
    ):
        run(BatchRuntime())


def test_without_features_a_run_says_so(run: Run) -> None:
    with pytest.raises(run.job.IngestionError, match="no features under s3://data/data/features/notes/"):
        run(BatchRuntime())


def test_the_job_fails_with_the_records_that_failed(
    job: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    report = {"rows": 2, "failed": 1, "failures": {"b": "ValidationError: no"}}
    monkeypatch.setattr(job, "run", lambda *arguments: report)
    monkeypatch.setattr(boto3, "client", lambda *arguments, **options: MagicMock())
    arguments = [
        "--bucket",
        "data",
        "--bucket_owner",
        "123456789012",
        "--feature_group",
        "group",
        "--dataset",
        "notes",
        "--run_id",
        "r1",
        "--JOB_NAME",
        "j",
    ]
    caplog.set_level("INFO")
    assert job.main(arguments) == 1
    assert "1 of 2 records failed, all in the report; first: b: ValidationError: no" in caplog.text
    report |= {"failed": 0, "failures": {}}
    assert job.main(arguments) == 0
