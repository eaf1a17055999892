"""The job on Spark: rows are judged where they are read, and written by the tasks that hold them.

Each task writes its Parquet files itself, with the code that the plain runner uses. Spark's own writer would leave
folder markers and temporary objects in the bucket, and could not say what it wrote.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as F

from reviews import publish
from reviews import report as reports
from reviews.files import RawFile, blank, trimmed
from reviews.job import ROW_KEPT, Job, entry, entry_of_file, inspect_all
from reviews.parts import COLUMNS, ROWS_PER_FILE, SOURCE_COLUMN, JsonLines, ParquetParts
from reviews.plain_runner import judge_in
from reviews.report import Tally
from reviews.rules import PROCESSED, QUARANTINED, row_number
from reviews.split import group_hash, split_of

NAME = "spark"
MODULUS = 1 << 256
JUDGED = (
    "source string, key string, line bigint, bytes bigint, digest binary, outcome string, reason string, "
    "review_id string, group_id string, rating double, label string, text string, split string, row binary"
)
Block = tuple[str, int]
"""A file's key, and the byte at which the piece of it begins that one task reads."""


def run(job: Job, store: Any, spark: SparkSession, only: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Run the job and return its report. Raises `EtlError`.

    Args:
        only: keys and sizes of the raw objects to take; all when `None`.
    """
    files = inspect_all(job, store, only)
    earlier = _earlier(job, store, spark) if job.incremental else None
    rows = _judged(job, store, spark, files)
    if earlier is not None:
        rows = _without_earlier(rows, earlier)
    rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        tally = _tally(rows)
        with tempfile.TemporaryDirectory(prefix="etl-") as folder:
            return _finish(job, store, files, rows, earlier, tally, Path(folder))
    finally:
        rows.unpersist()


# ---- reading --------------------------------------------------------------------------------------------


def _judged(job: Job, store: Any, spark: SparkSession, files: list[RawFile]) -> DataFrame:
    """Judge each line that is not blank, and return one row per line, in order."""
    readable = {file.key: file for file in files if file.size and not file.refused}
    if not readable:
        return spark.createDataFrame([], JUDGED)
    # Cut at newlines only; the bytes stay as they are, whatever their encoding.
    lines = spark.read.option("lineSep", "\n").text([store.uri(key) for key in readable])
    lines = lines.select(
        F.col("value").cast("binary").alias("value"),
        F.col("_metadata.file_path").alias("path"),
        F.col("_metadata.file_block_start").alias("block"),
        F.monotonically_increasing_id().alias("at"),
    )
    numbers = spark.sparkContext.broadcast(_first_numbers(lines, job.raw))
    seed, raw = job.split_seed, job.raw
    judged = lines.rdd.mapPartitions(lambda part: _judge_lines(part, readable, raw, numbers.value, seed))
    return _without_duplicates(spark.createDataFrame(judged, JUDGED))


def _first_numbers(lines: DataFrame, raw: str) -> dict[Block, tuple[int, int]]:
    """Return by block the id of its first line, and how many lines of the file precede it.

    Ids grow by one within a block, since one task reads it from start to end; so a line's number is known without
    bringing a file to one place.
    """
    blocks = lines.groupBy("path", "block").agg(F.min("at").alias("first"), F.count(F.lit(1)).alias("count")).collect()
    numbers: dict[Block, tuple[int, int]] = {}
    before: Counter[str] = Counter()
    for row in sorted(blocks, key=lambda row: (row.path, row.block)):
        key = key_in(row.path, raw)
        numbers[key, row.block] = (row.first, before[key])
        before[key] += row["count"]
    return numbers


def key_in(path: str, raw: str) -> str:
    """Return the key in a path as Spark reports it, with its own schemes and slashes."""
    plain = unquote(path)
    return plain[plain.index("/" + raw) + 1 :]


def _judge_lines(
    part: Iterable[Row],
    files: Mapping[str, RawFile],
    raw: str,
    numbers: Mapping[Block, tuple[int, int]],
    seed: str,
) -> Iterator[tuple[Any, ...]]:
    for row in part:
        value = bytes(row.value)
        if blank(value):
            continue
        key = key_in(row.path, raw)
        file, line = files[key], trimmed(value)
        first, before = numbers[key, row.block]
        number = before + row.at - first + 1
        judged = judge_in(file, number, line)
        split = split_of(judged.group_id, seed) if judged.outcome == PROCESSED else ""
        digest = row_number(file.source, line).to_bytes(32, "big")
        # A duplicate is found out later, so every row keeps its beginning.
        kept = line[: 4 * ROW_KEPT]
        yield (file.source, key, number, len(value), digest, *judged, split, kept)


def _without_duplicates(rows: DataFrame) -> DataFrame:
    """Keep the first of the rows with one id, by key and line; quarantine the others."""
    same = Window.partitionBy("review_id").orderBy("key", "line")
    bad = rows.where(F.col("outcome") == QUARANTINED)
    good = rows.where(F.col("outcome") != QUARANTINED).withColumn("nth", F.row_number().over(same))
    again = F.col("nth") > 1
    marked = good.withColumn("outcome", F.when(again, QUARANTINED).otherwise(F.col("outcome")))
    marked = marked.withColumn("reason", F.when(again, "duplicate_id").otherwise(F.col("reason"))).drop("nth")
    return bad.unionByName(marked)


def _earlier(job: Job, store: Any, spark: SparkSession) -> DataFrame | None:
    """Return ids, labels and splits that earlier runs added; `None` if there are none."""
    paths = [store.uri(key) for key in sorted(store.sizes(job.features)) if key.endswith(".parquet")]
    if not paths:
        return None
    rows = spark.read.option("basePath", store.uri(job.features)).parquet(*paths)
    # Held before this run writes beside them.
    return rows.select("review_id", "group_id", "label", "split").persist(StorageLevel.MEMORY_AND_DISK)


def _without_earlier(rows: DataFrame, earlier: DataFrame) -> DataFrame:
    known = earlier.select("review_id", F.lit(True).alias("known"))
    marked = rows.join(known, "review_id", "left")
    again = (F.col("outcome") != QUARANTINED) & F.col("known").isNotNull()
    marked = marked.withColumn("reason", F.when(again, "duplicate_id").otherwise(F.col("reason")))
    return marked.withColumn("outcome", F.when(again, QUARANTINED).otherwise(F.col("outcome"))).drop("known")


# ---- counting -------------------------------------------------------------------------------------------


def _tally(rows: DataFrame) -> Tally:
    tally = Tally()
    for row in rows.groupBy("source", "outcome").count().collect():
        tally.rows[row.source, row.outcome] = row["count"]
    for row in rows.groupBy("key").count().collect():
        tally.rows_of_file[row.key] = row["count"]
    for row in rows.where(F.col("outcome") == QUARANTINED).groupBy("reason").count().collect():
        tally.reasons[row.reason] = row["count"]
    processed = rows.where(F.col("outcome") == PROCESSED)
    for row in processed.groupBy("split", "label").count().collect():
        tally.split_labels[row.split, row.label] = row["count"]
    for row in processed.groupBy("source").agg(F.countDistinct("group_id").alias("groups")).collect():
        tally.groups[row.source] = row.groups
    for row in processed.select("split", "group_id").distinct().toLocalIterator():
        tally.split_groups[row.split].add(group_hash(row.group_id))
    sums = rows.select("digest").rdd.mapPartitions(_sum).collect()
    tally.taken_in = sum(count for count, _ in sums)
    tally.row_sum = sum(total for _, total in sums)
    return tally


def _sum(part: Iterable[Row]) -> Iterator[tuple[int, int]]:
    count = total = 0
    for row in part:
        count += 1
        total += int.from_bytes(row.digest, "big")
    yield count, total % MODULUS


# ---- writing --------------------------------------------------------------------------------------------


def _finish(
    job: Job, store: Any, files: list[RawFile], rows: DataFrame, earlier: DataFrame | None, tally: Tally, folder: Path
) -> dict[str, Any]:
    outputs = {"quarantine": publish.put_quarantine(store, _quarantine(job, files, rows, folder))}
    why = reports.refusal(job, files, tally)
    if why:
        publish.refuse(job, store, reports.build(job, files, tally, outputs, NAME), why)
    processed = rows.where(F.col("outcome") == PROCESSED)
    count = tally.total(PROCESSED)
    tag = f"-{job.run_id}" if job.incremental else ""
    outputs["processed"] = _write(processed, count, SOURCE_COLUMN, f"{job.processed}source=", tag, store)
    outputs["features"] = _write(processed, count, "split", f"{job.features}split=", tag, store)
    labels = JsonLines(job.labels, folder)
    if earlier is not None:
        # Labels and groups cover everything that training reads.
        for row in earlier.where(F.col("split") == "test").orderBy("review_id").toLocalIterator():
            labels.add({"id": row.review_id, "label": row.label})
        for row in earlier.select("split", "group_id").distinct().toLocalIterator():
            tally.split_groups[row.split].add(group_hash(row.group_id))
    for row in processed.where(F.col("split") == "test").orderBy("key", "line").toLocalIterator():
        labels.add({"id": row.review_id, "label": row.label})
    facts = labels.close()
    store.put_file(facts["key"], labels.path)
    outputs["labels"] = [facts]
    return publish.complete(job, store, files, tally, outputs, NAME)


def _quarantine(job: Job, files: list[RawFile], rows: DataFrame, folder: Path) -> publish.Part:
    """Write all entries in the order of keys and lines, one at a time through the driver."""
    lines = JsonLines(job.quarantine, folder)
    refused = [file for file in files if file.refused]
    for row in rows.where(F.col("outcome") == QUARANTINED).orderBy("key", "line").toLocalIterator():
        while refused and refused[0].key < row.key:
            lines.add(entry_of_file(refused.pop(0)))
        lines.add(entry(row.source, row.key, row.line, row.reason, row.bytes, bytes(row.row)))
    for file in refused:
        lines.add(entry_of_file(file))
    return lines.close(), lines.path


def _write(rows: DataFrame, count: int, partition: str, prefix: str, tag: str, store: Any) -> list[dict[str, Any]]:
    """Write the files, one per partition and task, and return their facts in the order of keys and lines."""
    tasks = max(1, -(-count // ROWS_PER_FILE))
    with_source = partition != SOURCE_COLUMN
    names = (*COLUMNS, SOURCE_COLUMN) if with_source else COLUMNS
    placed = rows.select(partition, "key", "line", *(name for name in names if name != partition))
    sorted_rows = placed.repartitionByRange(tasks, partition, "key", "line")
    sorted_rows = sorted_rows.sortWithinPartitions(partition, "key", "line")

    def write(task: int, part: Iterable[Row]) -> Iterator[dict[str, Any]]:
        with tempfile.TemporaryDirectory(prefix="etl-") as folder:
            for value, group in groupby(part, key=lambda row: row[partition]):
                parts = ParquetParts(f"{prefix}{value}/", Path(folder), with_source=with_source, first=task, tag=tag)
                for row in group:
                    parts.add(tuple(row[name] for name in names))
                for facts, path in parts.close():
                    store.put_file(facts["key"], path)
                    yield facts

    return sorted(sorted_rows.rdd.mapPartitionsWithIndex(write).collect(), key=lambda facts: str(facts["key"]))
