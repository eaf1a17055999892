"""What a query reads: tables from the Glue catalogue, objects from the bucket."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from emulator.services.athena import tables
from emulator.services.athena.errors import QueryFailed
from emulator.services.athena.results import Column
from emulator.services.athena.tables import Format, GlueTable, Object

PARQUET_STORAGE = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
HIVE_TYPES = {"varchar": "string", "integer": "int"}


class Catalogue:
    def __init__(self, glue: Any, s3: Any) -> None:
        self._glue, self._s3 = glue, s3

    def databases(self) -> list[str]:
        pages = self._glue.get_paginator("get_databases").paginate()
        return sorted(database["Name"] for page in pages for database in page["DatabaseList"])

    def tables(self, database: str) -> list[str]:
        try:
            pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
            return sorted(table["Name"] for page in pages for table in page["TableList"])
        except self._glue.exceptions.EntityNotFoundException as error:
            raise QueryFailed(f"SCHEMA_NOT_FOUND: Schema {database} not found") from error

    def exists(self, database: str, name: str) -> bool:
        return name in self.tables(database)

    def table(self, database: str, name: str) -> GlueTable:
        try:
            definition = self._glue.get_table(DatabaseName=database, Name=name)["Table"]
        except self._glue.exceptions.EntityNotFoundException as error:
            raise QueryFailed(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{database}.{name}' does not exist") from error
        return tables.read_definition({"DatabaseName": database, **definition})

    def partitions(self, table: GlueTable) -> list[tuple[tuple[str, ...], str]]:
        """Return the values and the location of each partition."""
        pages = self._glue.get_paginator("get_partitions").paginate(DatabaseName=table.database, TableName=table.name)
        return [
            (tuple(partition["Values"]), partition["StorageDescriptor"]["Location"])
            for page in pages
            for partition in page["Partitions"]
        ]

    def partition_names(self, table: GlueTable) -> list[str]:
        return sorted(
            "/".join(f"{key}={value}" for key, value in zip(table.keys, values, strict=True))
            for values, _ in self.partitions(table)
        )

    def objects(self, table: GlueTable, partition_filter: dict[str, set[str]] | None) -> list[Object]:
        """Return the objects that a scan reads: of a partitioned table, those of the partitions in the catalogue."""
        if not table.keys:
            return self._listed(table.location, ())
        objects = []
        for values, location in self.partitions(table):
            named = dict(zip(table.keys, values, strict=True))
            if all(named[key] in allowed for key, allowed in (partition_filter or {}).items()):
                objects += self._listed(location, values)
        return objects

    def keys_under(self, location: str) -> list[str]:
        return [item.key for item in self._listed(location, ())]

    def _listed(self, location: str, values: tuple[str, ...]) -> list[Object]:
        bucket, _, prefix = location[len("s3://") :].partition("/")
        prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            items = [item for page in pages for item in page.get("Contents", [])]
        except self._s3.exceptions.NoSuchBucket as error:
            raise QueryFailed(f"HIVE_METASTORE_ERROR: bucket {bucket} of {location} does not exist") from error
        return [
            Object(bucket, item["Key"], item["ETag"].strip('"'), item["Size"], values)
            for item in items
            if item["Size"] and not _hidden(item["Key"][len(prefix) :])
        ]

    def download(self, objects: list[Object], form: Format, folder: Path) -> list[tuple[Path, Object]]:
        folder.mkdir(exist_ok=True)
        files = []
        for item in objects:
            name = hashlib.sha256(f"{item.bucket}/{item.key}/{item.etag}".encode()).hexdigest()[:24]
            path = folder / name
            body = self._s3.get_object(Bucket=item.bucket, Key=item.key)["Body"]
            with path.open("wb") as stream:
                for chunk in body.iter_chunks(1 << 20):
                    stream.write(chunk)
            tables.prepare(path, form)
            files.append((path, item))
        return files

    def drop(self, database: str, name: str, *, missing_ok: bool) -> None:
        """Drop a table from the catalogue. As on AWS, its objects stay."""
        try:
            self._glue.delete_table(DatabaseName=database, Name=name)
        except self._glue.exceptions.EntityNotFoundException as error:
            if not missing_ok:
                raise QueryFailed(f"TABLE_NOT_FOUND: Table '{database}.{name}' does not exist") from error

    def add(
        self, database: str, name: str, columns: list[Column], keys: list[str], location: str, written: list[str]
    ) -> None:
        """Add a table of Parquet objects that were just written."""
        types = {column.name.lower(): HIVE_TYPES.get(column.type, column.type) for column in columns}
        storage = {
            **PARQUET_STORAGE,
            "Columns": [{"Name": column, "Type": kind} for column, kind in types.items() if column not in keys],
            "Location": location,
        }
        table = {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", "has_encrypted_data": "false"},
            "PartitionKeys": [{"Name": key, "Type": types[key]} for key in keys],
            "StorageDescriptor": storage,
        }
        self._glue.create_table(DatabaseName=database, TableInput=table)
        if keys:
            self._add_partitions(database, name, storage, location, {uri.rpartition("/")[0] for uri in written})

    def repair(self, table: GlueTable) -> list[str]:
        """Add the partitions of `key=value` folders that the catalogue lacks, and return their names."""
        known = set(self.partition_names(table))
        folders = {key.rpartition("/")[0] for key in self.keys_under(table.location)}
        depth = len(table.keys)
        names = {"/".join(folder.split("/")[-depth:]) for folder in folders if folder.count("=") == depth}
        storage = self._glue.get_table(DatabaseName=table.database, Name=table.name)["Table"]["StorageDescriptor"]
        fresh = sorted(names - known)
        location = table.location if table.location.endswith("/") else table.location + "/"
        self._add_partitions(table.database, table.name, storage, location, {f"{location}{name}" for name in fresh})
        return [f"{table.name}:{name}" for name in fresh]

    def _add_partitions(
        self, database: str, name: str, storage: dict[str, Any], location: str, folders: set[str]
    ) -> None:
        for folder in sorted(folders):
            values = [part.partition("=")[2] for part in folder[len(location) :].split("/")]
            self._glue.create_partition(
                DatabaseName=database,
                TableName=name,
                PartitionInput={"Values": values, "StorageDescriptor": {**storage, "Location": f"{folder}/"}},
            )


def _hidden(relative: str) -> bool:
    return any(part.startswith(("_", ".")) for part in relative.split("/") if "=" not in part)
