"""Puts the features that the ETL wrote into their feature group: a Glue job of Python shell, 3.9 on AWS.

    data/features/<dataset>/split=<split>/*.parquet     what is read
    data/features/ingestion/<dataset>.json              what the group holds already, by the hash of each row
    data/features/ingestion/reports/<run_id>.json       counts, and every record that failed

The group says which column is a record's id and which features there are. A row's event time is when its object was
written. Only rows that are new or different are put, and rows that are gone are deleted: a run on what is there already
does nothing, and a run that was cut off is made good by the next one, whose records have the same event times. What was
put by an earlier group of the same name does not count.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import random
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from io import BytesIO
from typing import Any, Callable

log = logging.getLogger("ingestion")

SPLIT = "split"
"""Feature with the folder of a row."""
BATCH = 25
"""Entries that BatchWriteRecord takes at most."""
ATTEMPTS = 6
"""For a record, the first one included; waits double from a fifth of a second: six seconds in all."""
WORKERS = 8
TRANSIENT = frozenset(
    ("ThrottlingException", "Throttling", "TooManyRequestsException", "ServiceUnavailable", "InternalFailure",
     "InternalServerError", "RequestLimitExceeded")
)  # fmt: skip
SHOWN = 5
"""Failures that the job's last line names; the report names all."""


class IngestionError(Exception):
    """The run cannot go on; the message says why."""


@dataclass(frozen=True)
class Group:
    """A feature group: the names of its identifier and its event time, and all of its features."""

    name: str
    created: str
    identifier: str
    event_time: str
    features: frozenset[str]

    @property
    def columns(self) -> frozenset[str]:
        """Features that are columns of the Parquet files."""
        return self.features - {self.event_time, SPLIT}


@dataclass(frozen=True)
class Row:
    """One record: its values as text, and when its object was written."""

    key: str
    values: Mapping[str, str]
    event_time: str

    @property
    def digest(self) -> str:
        """The same for the same values, whenever they were written."""
        return hashlib.sha256(json.dumps(self.values, sort_keys=True).encode()).hexdigest()[:16]

    def record(self, group: Group) -> list[dict[str, str]]:
        """Return the record in PutRecord's form."""
        values = {**self.values, group.event_time: self.event_time}
        return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


@dataclass(frozen=True)
class Changes:
    """What a run has to do."""

    put: list[Row]
    gone: list[str]
    unchanged: int


@dataclass
class Outcome:
    """What came of it. `failed` has a reason by record."""

    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


# ---- pure -----------------------------------------------------------------------------------------------------


def moment(written: datetime) -> str:
    """Format an event time for Feature Store: UTC, to the second."""
    return written.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def split_of(key: str) -> str:
    """Return the split of an object. Raises `IngestionError` for an object outside all splits."""
    folders = [part for part in key.split("/")[:-1] if part.startswith("split=")]
    if len(folders) != 1:
        raise IngestionError(f"features object '{key}' must be in one folder split=<name>/")
    return folders[0][len("split=") :]


def group_of(described: Mapping[str, Any]) -> Group:
    """Parse DescribeFeatureGroup's answer. Raises `IngestionError` for a group that takes no records."""
    name, status = described["FeatureGroupName"], described["FeatureGroupStatus"]
    if status != "Created":
        raise IngestionError(f"feature group {name} is {status}, not Created")
    return Group(
        name=name,
        created=moment(described["CreationTime"]),
        identifier=described["RecordIdentifierFeatureName"],
        event_time=described["EventTimeFeatureName"],
        features=frozenset(each["FeatureName"] for each in described["FeatureDefinitions"]),
    )


def row_of(group: Group, cells: Mapping[str, Any], split: str, event_time: str) -> Row:
    """Convert a row of Parquet. Cells without a value are left out: a record has no empty features."""
    values = {name: _text(value) for name, value in {**cells, SPLIT: split}.items() if value is not None}
    if not values.get(group.identifier):
        raise IngestionError(f"a row of split {split} has no {group.identifier}")
    return Row(values[group.identifier], values, event_time)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def changes(rows: Iterable[Row], known: Mapping[str, str]) -> Changes:
    """Compare with what the group holds, as hashes by record. Raises `IngestionError` for a duplicate record."""
    seen: set[str] = set()
    put = []
    for row in rows:
        if row.key in seen:
            raise IngestionError(f"record '{row.key}' is there twice")
        seen.add(row.key)
        if known.get(row.key) != row.digest:
            put.append(row)
    return Changes(put, sorted(set(known) - seen), len(seen) - len(put))


def held(ledger: Mapping[str, Any], group: Group) -> dict[str, str]:
    """Return the ledger's records of this group; none if the ledger is about an earlier group of that name."""
    same = (ledger.get("group"), ledger.get("created")) == (group.name, group.created)
    return dict(ledger["records"]) if same else {}


def after(known: Mapping[str, str], plan: Changes, outcome: Outcome) -> dict[str, str]:
    """Return the ledger's records after a run: what succeeded counts, whatever the result of the rest."""
    records = {key: digest for key, digest in known.items() if not (key in plan.gone and key in outcome.done)}
    records.update({row.key: row.digest for row in plan.put if row.key in outcome.done})
    return records


def report_of(run_id: str, group: str, plan: Changes, outcome: Outcome) -> dict[str, Any]:
    put = {row.key for row in plan.put}
    return {
        "run_id": run_id,
        "group": group,
        "rows": len(plan.put) + plan.unchanged,
        "put": len(put & outcome.done),
        "deleted": len(set(plan.gone) & outcome.done),
        "unchanged": plan.unchanged,
        "failed": len(outcome.failed),
        "failures": dict(sorted(outcome.failed.items())),
    }


# ---- writing --------------------------------------------------------------------------------------------------


class Writer:
    """Puts and deletes records of one group, and tries again what was throttled. Keeps the reasons of what failed."""

    def __init__(self, runtime: Any, group: Group, sleep: Callable[[float], None] = time.sleep) -> None:
        self._runtime, self._group, self._sleep = runtime, group, sleep
        # SDKs before 1.43.38, Glue's own among them, know single records alone.
        self._batches = hasattr(runtime, "batch_write_record")

    def write(self, plan: Changes, deleted_at: str) -> Outcome:
        """Put and delete records. `deleted_at`: event time of deleted ones."""
        outcome = Outcome()
        size = BATCH if self._batches else 1
        parts = [plan.put[start : start + size] for start in range(0, len(plan.put), size)]
        with ThreadPoolExecutor(WORKERS) as pool:
            for failed, rows in zip(pool.map(self._put, parts), parts):
                outcome.failed.update(failed)
                outcome.done.update(row.key for row in rows if row.key not in failed)
            for key, reason in zip(plan.gone, pool.map(lambda key: self._delete(key, deleted_at), plan.gone)):
                if reason:
                    outcome.failed[key] = reason
                else:
                    outcome.done.add(key)
        return outcome

    def _put(self, rows: Sequence[Row]) -> dict[str, str]:
        """Put records; return the reasons of failures by record."""
        if not self._batches:
            reason = self._patiently(lambda: self._put_one(rows[0]))
            return {rows[0].key: reason} if reason else {}
        waiting, failed = {row.key: row for row in rows}, {}
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            again = self._put_batch(list(waiting.values()))
            failed.update({key: reason for key, (reason, transient) in again.items() if not transient})
            waiting = {key: waiting[key] for key, (_, transient) in again.items() if transient}
            if not waiting:
                return failed
        return {**failed, **{key: f"{again[key][0]} ({ATTEMPTS} attempts)" for key in waiting}}

    def _put_batch(self, rows: Sequence[Row]) -> dict[str, tuple[str, bool]]:
        """Put a batch; return for each record that was not taken the reason, and whether a retry can help."""
        from botocore.exceptions import ClientError

        entries = [{"FeatureGroupName": self._group.name, "Record": row.record(self._group)} for row in rows]
        try:
            answer = self._runtime.batch_write_record(Entries=entries)
        except ClientError as error:
            return {row.key: (_reason(error), _code(error) in TRANSIENT) for row in rows}
        failures = {self._key_of(entry): ("not processed", True) for entry in answer.get("UnprocessedEntries", ())}
        for each in answer.get("Errors", ()):
            reason = f"{each['ErrorCode']}: {each['ErrorMessage']}"
            failures[self._key_of(each["Entry"])] = (reason, each["ErrorCode"] in TRANSIENT)
        return failures

    def _put_one(self, row: Row) -> None:
        self._runtime.put_record(FeatureGroupName=self._group.name, Record=row.record(self._group))

    def _delete(self, key: str, event_time: str) -> str | None:
        return self._patiently(
            lambda: self._runtime.delete_record(
                FeatureGroupName=self._group.name, RecordIdentifierValueAsString=key, EventTime=event_time
            )
        )

    def _patiently(self, call: Callable[[], Any]) -> str | None:
        """Retry a call; return the reason if it failed for good."""
        from botocore.exceptions import ClientError

        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            try:
                call()
                return None
            except ClientError as error:
                reason = _reason(error)
                if _code(error) not in TRANSIENT:
                    return reason
        return f"{reason} ({ATTEMPTS} attempts)"

    def _pause(self, attempt: int) -> None:
        self._sleep(0.1 * 2**attempt * random.uniform(0.5, 1.0))

    def _key_of(self, entry: Mapping[str, Any]) -> str:
        identifier = self._group.identifier
        return next(str(each["ValueAsString"]) for each in entry["Record"] if each["FeatureName"] == identifier)


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])


def _reason(error: Any) -> str:
    return f"{_code(error)}: {error.response['Error']['Message']}"


# ---- the bucket -----------------------------------------------------------------------------------------------


OWNER_MEMBERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


def expect_owner(s3: Any, owner: str) -> Any:
    """Return the client, which from now on names the bucket's owner in every request that takes it."""

    def add(params: dict[str, Any], model: Any, **_: Any) -> None:
        for member in OWNER_MEMBERS:
            if model.input_shape is not None and member in model.input_shape.members:
                params.setdefault(member, owner)

    s3.meta.events.register("before-parameter-build.s3", add)
    return s3


class Bucket:
    """The data bucket. No encryption arguments: the bucket names the key."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3, self._name = s3, name

    def rows(self, dataset: str, group: Group) -> Iterator[Row]:
        """Yield every row of every split, object by object. Raises `IngestionError` if there is none."""
        import pyarrow.parquet as pq

        prefix = f"data/features/{dataset}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        objects = [each for page in pages for each in page.get("Contents", ()) if each["Key"].endswith(".parquet")]
        if not objects:
            raise IngestionError(f"there are no features under s3://{self._name}/{prefix}; run the ETL first")
        for each in objects:
            split, written = split_of(each["Key"]), moment(each["LastModified"])
            body = self._s3.get_object(Bucket=self._name, Key=each["Key"])["Body"].read()
            file = pq.ParquetFile(BytesIO(body))
            if set(file.schema_arrow.names) != group.columns:
                names, expected = sorted(file.schema_arrow.names), sorted(group.columns)
                raise IngestionError(
                    f"'{each['Key']}' has columns {names}; feature group {group.name} takes {expected}"
                )
            for batch in file.iter_batches():
                for cells in batch.to_pylist():
                    yield row_of(group, cells, split, written)

    def document(self, key: str) -> dict[str, Any]:
        """Read a JSON object; empty if it does not exist."""
        try:
            body = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return {}
        content: dict[str, Any] = json.loads(body)
        return content

    def keep(self, key: str, document: Mapping[str, Any]) -> None:
        self._s3.put_object(Bucket=self._name, Key=key, Body=json.dumps(document).encode())


# ---- the run --------------------------------------------------------------------------------------------------


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments. Glue adds its own (--JOB_NAME, …), so unknown options are accepted."""
    parser = argparse.ArgumentParser(description="feature ingestion", allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--bucket_owner", required=True, help="account that the bucket must belong to")
    parser.add_argument("--feature_group", required=True)
    parser.add_argument("--run_id", required=True, help="names the report; the pipeline passes its own")
    parser.add_argument("--dataset", required=True)
    return parser.parse_known_args(argv)[0]


def run(arguments: argparse.Namespace, bucket: Bucket, sagemaker: Any, runtime: Any) -> dict[str, Any]:
    """Run the ingestion and return the report. Raises `IngestionError` if nothing could be started."""
    group = group_of(sagemaker.describe_feature_group(FeatureGroupName=arguments.feature_group))
    ledger = f"data/features/ingestion/{arguments.dataset}.json"
    rows = list(bucket.rows(arguments.dataset, group))
    known = held(bucket.document(ledger), group)
    plan = changes(rows, known)
    outcome = Writer(runtime, group).write(plan, max(row.event_time for row in rows))
    bucket.keep(ledger, {"group": group.name, "created": group.created, "records": after(known, plan, outcome)})
    report = report_of(arguments.run_id, group.name, plan, outcome)
    bucket.keep(f"data/features/ingestion/reports/{arguments.run_id}.json", report)
    return report


def main(argv: Sequence[str]) -> int:
    import boto3
    from botocore.config import Config

    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    arguments = parse_arguments(argv)
    # Enough connections for all workers; trying again is the writer's business, which knows record from batch.
    config = Config(max_pool_connections=WORKERS, retries={"mode": "standard", "max_attempts": 2})
    bucket = Bucket(expect_owner(boto3.client("s3"), arguments.bucket_owner), arguments.bucket)
    runtime = boto3.client("sagemaker-featurestore-runtime", config=config)
    try:
        report = run(arguments, bucket, boto3.client("sagemaker"), runtime)
    except IngestionError as error:
        log.error("%s", error)
        return 1
    log.info("%s", json.dumps({name: value for name, value in report.items() if name != "failures"}))
    if report["failed"]:
        first = "; ".join(f"{key}: {reason}" for key, reason in list(report["failures"].items())[:SHOWN])
        log.error("%d of %d records failed, all in the report; first: %s", report["failed"], report["rows"], first)
        return 1
    return 0


if __name__ == "__main__":
    # Not through sys.exit when all is well: Glue's Python shell takes any SystemExit for a failure.
    if code := main(sys.argv[1:]):
        sys.exit(code)
