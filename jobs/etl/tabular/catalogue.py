"""An existing table of the Glue catalogue as input: where its files are, and in which form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tabular.drift import normal
from tabular.errors import EtlError
from tabular.files import Layout
from tabular.job import Input
from tabular.spec import Format, Spec, parse

HIVE_NULL = "\\N"
"""How Hive's text files spell no value."""


def read_table(glue: Any, spec: Spec) -> dict[str, Any]:
    """Fetch a dataset's table. Raises `EtlError` for one that has no files."""
    from botocore.exceptions import ClientError

    database, name = spec.source["database"], spec.source["table"]
    try:
        table: dict[str, Any] = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise EtlError(f"table {database}.{name} of the catalogue cannot be read: {code}") from error
    kind = (table.get("Parameters") or {}).get("table_type", "")
    if table.get("TableType") == "VIRTUAL_VIEW" or kind:
        raise EtlError(
            f"table {database}.{name} is a {kind or 'view'}, which has no files that can be read by themselves"
        )
    return table


def with_partitions(spec: Spec, table: Mapping[str, Any]) -> Spec:
    """Return the specification with those of the table's partition keys as folders' columns that it names."""
    named = {normal(column.name): column.name for column in spec.columns}
    keys = [named[key] for key in _keys(table) if key in named]
    return parse({**spec.document, "partitions": keys})


def table_input(glue: Any, spec: Spec, table: Mapping[str, Any], store_of: Callable[[str], Any]) -> Input:
    """Return a table's files.

    Args:
        spec: with the table's partitions.
        store_of: returns the store of a bucket.
    """
    name = f"{spec.source['database']}.{spec.source['table']}"
    layout = Layout(format_of(name, table), spec.file_columns, tuple(_columns(table)))
    places = [_keys(table).index(normal(column.name)) for column in spec.folder_columns]
    buckets, objects, roots = set(), {}, []
    for location, values in _locations(glue, spec, table):
        bucket, prefix = urlsplit(location).netloc, urlsplit(location).path.strip("/") + "/"
        buckets.add(bucket)
        roots.append(f"s3://{bucket}/{prefix}")
        if any("/" in values[place] for place in places):
            raise EtlError(f"table {name} has a partition {values} whose value cannot name a folder")
        folders = tuple(values[place] for place in places)
        sizes = store_of(bucket).sizes(prefix)
        objects.update({key: (size, folders) for key, size in sizes.items() if not key.endswith("/")})
    if len(buckets) > 1:
        raise EtlError(f"table {name} has files in several buckets: {', '.join(sorted(buckets))}")
    return Input(store_of(buckets.pop()) if buckets else None, f"table {name}", layout, objects, tuple(roots))


def _locations(glue: Any, spec: Spec, table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    if not table.get("PartitionKeys"):
        yield table["StorageDescriptor"]["Location"], []
        return
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=spec.source["database"], TableName=spec.source["table"]
    )
    for page in pages:
        for partition in page["Partitions"]:
            yield partition["StorageDescriptor"]["Location"], partition["Values"]


def _keys(table: Mapping[str, Any]) -> list[str]:
    return [normal(key["Name"]) for key in table.get("PartitionKeys") or ()]


def _columns(table: Mapping[str, Any]) -> list[str]:
    return [column["Name"] for column in table["StorageDescriptor"].get("Columns") or ()]


def format_of(name: str, table: Mapping[str, Any]) -> Format:
    """Return the form of a table's files. Raises `EtlError` for one that is not read here."""
    storage = table["StorageDescriptor"]
    serde = storage.get("SerdeInfo") or {}
    options = {
        key: value
        for section in (table, storage, serde)
        for key, value in (section.get("Parameters") or {}).items()
    }  # fmt: skip
    library = serde.get("SerializationLibrary", "").lower()
    skipped = int(options.get("skip.header.line.count", "0"))
    compression = "gzip" if options.get("compressionType") == "gzip" else "auto"
    common: dict[str, Any] = {"header": False, "compression": compression, "skipped": skipped}
    if "parquet" in library:
        return Format("parquet", header=False)
    if "json" in library:
        return Format("jsonlines", **common)
    if "opencsv" in library:
        return Format("csv", delimiter=options.get("separatorChar", ","), quote=options.get("quoteChar", '"'), **common)
    if "lazysimple" in library:
        nulls = ("", options.get("serialization.null.format", HIVE_NULL))
        return Format("csv", delimiter=_delimiter(options), quote="", nulls=nulls, **common)
    raise EtlError(f"table {name} is stored with '{library or 'no library'}', which the ETL does not read")


def _delimiter(options: Mapping[str, str]) -> str:
    given = options.get("field.delim") or options.get("delimiter") or "\x01"
    return given if len(given) == 1 else given.encode().decode("unicode_escape")
