"""The offline store: every version of every record, as Parquet by the hour of its event time.

AWS buffers records for up to fifteen minutes; here they are written a second after the first of them. Objects are
written under the group's role, as on AWS. The service itself maintains table and partitions.
"""

from __future__ import annotations

import contextlib
import io
import secrets
import string
import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from emulator.core.aws import Aws, split_uri
from emulator.services.sagemaker.feature_store.records import Record, Schema

BUFFER_SECONDS = 1.0
SERVICE = "sagemaker.amazonaws.com"
PARTITIONS = ("year", "month", "day", "hour")
HIVE = {"String": "string", "Integral": "bigint", "Fractional": "double"}
ADDED = {"write_time": "timestamp", "api_invocation_time": "timestamp", "is_deleted": "boolean"}
"""Columns that the service adds to those of the group."""
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}
ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Place:
    """Location of a group's versions. `database` is `None` for a group without a table."""

    uri: str
    role_arn: str
    source_arn: str
    region: str
    key_arn: str | None
    database: str | None
    table: str | None


@dataclass(frozen=True)
class Version:
    record: Record
    received: datetime


class OfflineStore:
    """The offline store of one group. Thread-safe."""

    def __init__(self, aws: Aws, place: Place) -> None:
        self._aws, self.place = aws, place
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[tuple[Schema, Version]] = []
        self._timer: threading.Timer | None = None
        self._partitions: set[tuple[str, ...]] = set()
        self.blocked: str | None = None
        """Error of the last attempt to write. The records are kept for the next one."""

    def prepare(self, schema: Schema) -> None:
        """Check that a new group's role can access the bucket, and create its table. Raise `ClientError`."""
        bucket, _ = split_uri(self.place.uri)
        self._s3().get_bucket_acl(Bucket=bucket)
        if self.place.database is None:
            return
        glue = self._aws.client("glue", region=self.place.region)
        try:
            glue.get_table(DatabaseName=self.place.database, Name=self.place.table)
        except glue.exceptions.EntityNotFoundException:
            glue.create_table(DatabaseName=self.place.database, TableInput=self._table(schema))
        else:
            # An earlier group had the same name; its objects stay.
            glue.update_table(DatabaseName=self.place.database, TableInput=self._table(schema))

    def widen(self, schema: Schema) -> None:
        """Update the table after features were added to the group."""
        if self.place.database is not None:
            glue = self._aws.client("glue", region=self.place.region)
            glue.update_table(DatabaseName=self.place.database, TableInput=self._table(schema))

    def append(self, schema: Schema, record: Record) -> None:
        """Add a record, which is written later, and return at once."""
        with self._lock:
            self._waiting.append((schema, Version(record, datetime.now(UTC))))
            if self._timer is None:
                self._timer = threading.Timer(BUFFER_SECONDS, self._flush)
                self._timer.daemon = True
                self._timer.start()

    def _flush(self) -> None:
        with self._writing:
            with self._lock:
                waiting, self._waiting, self._timer = self._waiting, [], None
            try:
                self._write(waiting)
                self.blocked = None
            except ClientError as error:
                # As on AWS, the group reports the error and the records are kept.
                self.blocked = str(error)
                with self._lock:
                    self._waiting = waiting + self._waiting

    def _write(self, waiting: list[tuple[Schema, Version]]) -> None:
        if not waiting:
            return
        schema = waiting[-1][0]
        hours: dict[tuple[str, ...], list[Version]] = defaultdict(list)
        for _, version in waiting:
            hours[tuple(version.record.event_time.astimezone(UTC).strftime("%Y %m %d %H").split())].append(version)
        s3 = self._s3()
        for values, versions in hours.items():
            folder = f"{self.place.uri}/{'/'.join(f'{k}={v}' for k, v in zip(PARTITIONS, values, strict=True))}"
            latest = max(version.record.event_time for version in versions).astimezone(UTC)
            name = f"{latest:%Y%m%dT%H%M%SZ}_{''.join(secrets.choice(ALPHABET) for _ in range(16))}.parquet"
            bucket, key = split_uri(f"{folder}/{name}")
            s3.put_object(Bucket=bucket, Key=key, Body=_parquet(schema, versions), **self._encryption())
            self._announce(values, folder, schema)

    def _s3(self) -> Any:
        place = self.place
        credentials = self._aws.assume(
            place.role_arn, "SageMakerFeatureStore", service=SERVICE, source_arn=place.source_arn
        )
        return self._aws.client("s3", credentials, place.region)

    def _encryption(self) -> dict[str, str]:
        key = self.place.key_arn
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}

    def _announce(self, values: tuple[str, ...], folder: str, schema: Schema) -> None:
        if self.place.database is None or values in self._partitions:
            return
        glue = self._aws.client("glue", region=self.place.region)
        storage = {**self._table(schema)["StorageDescriptor"], "Location": folder}
        partition = {"Values": list(values), "StorageDescriptor": storage}
        # An earlier group of this name may have had records of the same hour.
        with contextlib.suppress(glue.exceptions.AlreadyExistsException):
            glue.create_partition(
                DatabaseName=self.place.database, TableName=self.place.table, PartitionInput=partition
            )
        self._partitions.add(values)

    def _table(self, schema: Schema) -> dict[str, Any]:
        columns = {name.lower(): HIVE[kind] for name, kind in schema.types.items()} | ADDED
        return {
            "Name": self.place.table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
            "PartitionKeys": [{"Name": name, "Type": "string"} for name in PARTITIONS],
            "StorageDescriptor": {
                **PARQUET,
                "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
                "Location": self.place.uri,
            },
        }


def _parquet(schema: Schema, versions: list[Version]) -> bytes:
    # Not imported at the start of the emulator: it takes time, and most runs write no features.
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"String": pa.string(), "Integral": pa.int64(), "Fractional": pa.float64()}
    times = pa.timestamp("ms", tz="UTC")
    fields = [(name, kinds[kind]) for name, kind in schema.types.items()]
    fields += [("write_time", times), ("api_invocation_time", times), ("is_deleted", pa.bool_())]
    now = datetime.now(UTC)
    rows = [
        version.record.typed(schema)
        | {"write_time": now, "api_invocation_time": version.received, "is_deleted": version.record.deleted}
        for version in versions
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), buffer, compression="snappy")
    return buffer.getvalue()
