"""Crawls S3 targets and writes their tables and Hive partitions into the Glue catalogue.

argv: a JSON file with the crawl. Ends with status 1 and a line `ERROR : <message>` when the crawl fails.
"""

from __future__ import annotations

import fnmatch
import gc
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any

# What is imported stays: scanning it for garbage costs a fifth of the start.
gc.set_threshold(200_000)

import botocore.session  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from crawler_schema import Schema, Unclassified, classify  # type: ignore[import-not-found] # noqa: E402

Document = dict[str, Any]
Partitions = dict[tuple[tuple[str, ...], ...], str]

FILES_READ_PER_TABLE = 20
"""Schemas are taken from this many objects; partitions and sizes from all of them."""


OWN = Config(user_agent_appid="local-aws")  # type: ignore[call-arg]  # unknown to the stubs
"""These requests are those of the AWS service, not of the platform."""


class CrawlFailed(Exception):
    """The message is what GetCrawler shows."""


def main(path: str) -> int:
    with open(path, encoding="utf-8") as stream:
        crawl = json.load(stream)
    # Not boto3: its file transfers are not needed, and importing them takes a tenth of the start.
    session = botocore.session.get_session()
    s3, glue = session.create_client("s3", config=OWN), session.create_client("glue", config=OWN)
    written = 0
    try:
        for target in crawl["s3_targets"]:
            for root, objects in tables_under(s3, target).items():
                written += write_table(s3, glue, crawl, root, objects)
    except (CrawlFailed, ClientError) as error:
        say(crawl, f"ERROR : {error}")
        return 1
    say(crawl, f"INFO : Crawler has finished running and is in state READY; {written} tables written")
    return 0


def say(crawl: Document, text: str) -> None:
    sys.stdout.write(f"[{crawl['crawl_id']}] {text}\n")
    sys.stdout.flush()


def tables_under(s3: Any, target: Document) -> dict[tuple[str, str], list[Document]]:
    """Group a target's objects by the root folder of their table: what precedes the first `key=value` part."""
    bucket, _, prefix = target["Path"][len("s3://") :].partition("/")
    prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
    roots: dict[tuple[str, str], list[Document]] = {}
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                relative = found["Key"][len(prefix) :]
                if found["Size"] and not hidden(relative) and not excluded(relative, target):
                    folders = relative.split("/")[:-1]
                    plain = next((i for i, part in enumerate(folders) if "=" in part), len(folders))
                    root = prefix + "".join(f"{part}/" for part in folders[:plain])
                    roots.setdefault((bucket, root), []).append(found)
    except s3.exceptions.NoSuchBucket as error:
        raise CrawlFailed(f"The specified bucket does not exist: {bucket}") from error
    return roots


def hidden(relative: str) -> bool:
    """Return whether Hive and Athena ignore a path: a file or folder whose name starts with `_` or `.`."""
    return any(part.startswith(("_", ".")) for part in relative.split("/") if "=" not in part)


def excluded(relative: str, target: Document) -> bool:
    return any(fnmatch.fnmatch(relative, pattern) for pattern in target.get("Exclusions") or [])


def write_table(s3: Any, glue: Any, crawl: Document, root: tuple[str, str], objects: list[Document]) -> int:
    """Create or update a table and add its partitions. Return the number of tables written."""
    bucket, prefix = root
    schema = None
    for found in objects[:FILES_READ_PER_TABLE]:
        try:
            schema_here = classify(found["Key"], reader(s3, bucket, found["Key"]))
        except Unclassified as error:
            say(crawl, f"WARN : {error}")
            continue
        if schema and schema.classification != schema_here.classification:
            raise CrawlFailed(f"s3://{bucket}/{prefix} mixes {schema.classification} and {schema_here.classification}")
        schema = schema.merged(schema_here) if schema else schema_here
    if schema is None:
        say(crawl, f"WARN : nothing under s3://{bucket}/{prefix} could be classified")
        return 0
    partitions = partitions_of(bucket, prefix, objects)
    table = table_input(crawl, bucket, prefix, schema, partitions, objects)
    put_table(glue, crawl, table)
    put_partitions(glue, crawl, table, partitions)
    say(crawl, f"INFO : table {table['Name']} ({schema.classification}), {len(partitions)} partitions")
    return 1


def reader(s3: Any, bucket: str, key: str) -> Callable[[int | None], bytes]:
    def read(limit: int | None) -> bytes:
        options = {"Range": f"bytes=0-{limit - 1}"} if limit else {}
        return bytes(s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read())

    return read


def partitions_of(bucket: str, prefix: str, objects: list[Document]) -> Partitions:
    """Map partition values (a tuple of pairs) to locations."""
    locations: Partitions = {}
    for item in objects:
        folders = item["Key"][len(prefix) :].split("/")[:-1]
        pairs = tuple(tuple(part.split("=", 1)) for part in folders if "=" in part)
        if pairs:
            locations[pairs] = f"s3://{bucket}/{prefix}" + "".join(f"{part}/" for part in folders)
    return locations


def table_input(
    crawl: Document, bucket: str, prefix: str, schema: Schema, partitions: Partitions, objects: list[Document]
) -> Document:
    keys = [name.lower() for name, _ in next(iter(partitions), ())]
    size = sum(item["Size"] for item in objects)
    parameters = {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": crawl["crawler_name"],
        "classification": schema.classification,
        "compressionType": "none",
        "typeOfData": "file",
        "objectCount": str(len(objects)),
        "sizeKey": str(size),
        **schema.parameters,
    }
    columns = [{"Name": name, "Type": kind} for name, kind in schema.columns.items() if name not in keys]
    return {
        "Name": table_name(crawl, bucket, prefix),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "StorageDescriptor": {
            "Location": f"s3://{bucket}/{prefix}",
            "Columns": columns,
            "Compressed": False,
            "NumberOfBuckets": -1,
            "StoredAsSubDirectories": False,
            "Parameters": parameters,
            **schema.storage(),
        },
    }


def table_name(crawl: Document, bucket: str, prefix: str) -> str:
    last = prefix.rstrip("/").split("/")[-1] or bucket
    return re.sub(r"[^0-9a-z_]+", "_", (crawl["table_prefix"] + last).lower())


def put_table(glue: Any, crawl: Document, table: Document) -> None:
    """Write a table. A name that another location has gets a suffix, as Glue's crawlers do it."""
    database = crawl["database_name"]
    existing = existing_table(glue, database, table["Name"])
    location = table["StorageDescriptor"]["Location"]
    if existing and existing["StorageDescriptor"]["Location"].rstrip("/") != location.rstrip("/"):
        table["Name"] += "_" + hashlib.md5(location.encode()).hexdigest()
        existing = existing_table(glue, database, table["Name"])
    if existing is None:
        glue.create_table(DatabaseName=database, TableInput=table)
    elif crawl["update_behavior"] == "UPDATE_IN_DATABASE":
        glue.update_table(DatabaseName=database, TableInput=table)
    else:
        say(crawl, f"INFO : table {table['Name']} exists and is unchanged ({crawl['update_behavior']})")


def existing_table(glue: Any, database: str, name: str) -> Document | None:
    try:
        return dict(glue.get_table(DatabaseName=database, Name=name)["Table"])
    except glue.exceptions.EntityNotFoundException as error:
        if name in str(error):
            return None
        raise CrawlFailed(f"Database {database} not found") from error


def put_partitions(glue: Any, crawl: Document, table: Document, partitions: Partitions) -> None:
    names = {"DatabaseName": crawl["database_name"], "TableName": table["Name"]}
    known: set[tuple[str, ...]] = set()
    if partitions:
        for page in glue.get_paginator("get_partitions").paginate(**names):
            known |= {tuple(found["Values"]) for found in page["Partitions"]}
    for pairs, location in partitions.items():
        values = [value for _, value in pairs]
        if tuple(values) not in known:
            storage = {**table["StorageDescriptor"], "Location": location}
            glue.create_partition(**names, PartitionInput={"Values": values, "StorageDescriptor": storage})


code = main(sys.argv[1])
# All is written: the interpreter would spend time on freeing each object.
os._exit(code)
