"""The job on Spark: records are judged where they are read, and written by the tasks that hold them.

Raw files are read by the code that the plain runner uses, in pieces where a file can be cut. Each task writes its
Parquet files itself: Spark's own writer would leave folder markers and temporary objects in the bucket, and could not
say what it wrote.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pyspark import RDD, StorageLevel
from pyspark.sql import Column, DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as F

from tabular import publish
from tabular import report as reports
from tabular.contract import DUPLICATE, PROCESSED, QUARANTINED, numbered_id, quarantined, row_number
from tabular.files import RawFile
from tabular.job import ROW_KEPT, Input, Job, entry, entry_of_file, inspect_all, readable
from tabular.parts import ROWS_PER_FILE, JsonLines, ParquetParts, Rows, schema_of
from tabular.readers import BROKEN, Piece, cuts_anywhere, newlines, numbered, pieces, records
from tabular.report import LABELS_COUNTED, Tally
from tabular.split import borders, split_of
from tabular.values import text_of

NAME = "spark"
MODULUS = 1 << 256
PIECE_BYTES = 64 << 20
"""What one task reads, about: of small files several."""
JUDGED = (
    "source string, key string, line bigint, part int, bytes bigint, digest binary, outcome string, reason string, "
    "id string, `group` string, label string, at {at}, cells binary, record binary, split string"
)
"""`part`: number of a row among those of its record. `digest`: of the record, at its first row."""


def run(job: Job, store: Any, given: Input, spark: SparkSession) -> dict[str, Any]:
    """Run the job and return its report. Raises `EtlError`.

    Args:
        store: where its output goes.
        given: its raw files.
    """
    files = inspect_all(job, given)
    earlier = _earlier(job, store, spark) if job.incremental else None
    rows = _judged(job, given, spark, files)
    if earlier is not None:
        rows = _without_earlier(rows, earlier)
    judged = rows.persist(StorageLevel.MEMORY_AND_DISK)
    placed = _placed(job, judged).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        tally = _tally(job, placed)
        with tempfile.TemporaryDirectory(prefix="etl-") as folder:
            return _finish(job, store, given, files, placed, earlier, tally, Path(folder))
    finally:
        placed.unpersist()
        judged.unpersist()


# ---- reading --------------------------------------------------------------------------------------------


def _judged(job: Job, given: Input, spark: SparkSession, files: list[RawFile]) -> DataFrame:
    """Judge each record, and return its rows."""
    kinds = {"timestamp": "bigint", "date": "bigint", "bigint": "bigint"}
    time = job.spec.roles.time
    schema = JUDGED.format(at="double" if time is None else kinds.get(job.spec.column(time).type, "double"))
    tasks = _pieces(given, spark, readable(files))
    if not tasks:
        return spark.createDataFrame([], schema)
    pieces_by_task = spark.sparkContext.parallelize(tasks, len(tasks))
    judged = pieces_by_task.flatMap(lambda several: _judge(job, given, several))
    return _once(job, spark.createDataFrame(judged, schema))


def _pieces(given: Input, spark: SparkSession, files: list[RawFile]) -> list[list[Piece]]:
    """Return what each task reads. Lines before a cut are counted first: a piece knows its lines' numbers."""
    by_line, store = cuts_anywhere(given.layout.format), given.store
    of_files = [pieces(file, PIECE_BYTES, by_line=by_line) for file in files]
    cut = [(number, piece) for number, several in enumerate(of_files) for piece in several if piece.end is not None]
    if cut:
        counting = spark.sparkContext.parallelize(cut, len(cut)).map(lambda each: (each[0], newlines(store, each[1])))
        counts: dict[int, list[int]] = {}
        for number, count in counting.collect():
            counts.setdefault(number, []).append(count)
        for number, of_file in counts.items():
            of_files[number] = numbered(of_files[number], of_file)
    packed: list[list[Piece]] = []
    size = PIECE_BYTES
    for piece in (piece for several in of_files for piece in several):
        if size + piece.size > PIECE_BYTES:
            packed.append([])
            size = 0
        packed[-1].append(piece)
        size += piece.size
    return packed


def _judge(job: Job, given: Input, several: list[Piece]) -> Iterator[tuple[Any, ...]]:
    contract, split = job.contract, job.spec.split
    for piece in several:
        file = piece.file
        for record in records(given.layout, given.store, piece):
            whole = record.reason not in BROKEN
            digest = row_number(file.source, record.raw).to_bytes(32, "big") if whole else None
            # A duplicate is detected later, so every row keeps its record's beginning.
            kept = record.raw[: 4 * ROW_KEPT]
            rows = [quarantined(record.reason)] if record.reason else contract.judge(record.values, file.folders)
            for part, row in enumerate(rows):
                known = row.outcome == PROCESSED and split.method == "group"
                yield (
                    *(file.source, file.key, record.line, part, record.size, None if part else digest),
                    *(row.outcome, row.reason, row.id, row.group, row.label, row.at),
                    *(pickle.dumps(row.cells), kept, split_of(row.group, split) if known else ""),
                )


def _once(job: Job, rows: DataFrame) -> DataFrame:
    """Keep the first of the rows with one id, by key and line; quarantine the others, or number generated ids."""
    same = Window.partitionBy("id").orderBy("key", "line", "part")
    others = rows.where(F.col("outcome") != PROCESSED)
    good = rows.where(F.col("outcome") == PROCESSED).withColumn("nth", F.row_number().over(same))
    again = F.col("nth") > 1
    if job.spec.roles.id is None:
        numbered = F.udf(numbered_id)(F.col("id"), F.col("nth"))
        good = good.withColumn("id", F.when(again, numbered).otherwise(F.col("id")))
    else:
        good = _duplicates(good, again)
    return others.unionByName(good.drop("nth"))


def _duplicates(rows: DataFrame, again: Column) -> DataFrame:
    marked = rows.withColumn("reason", F.when(again, DUPLICATE).otherwise(F.col("reason")))
    return marked.withColumn("outcome", F.when(again, QUARANTINED).otherwise(F.col("outcome")))


def _earlier(job: Job, store: Any, spark: SparkSession) -> DataFrame | None:
    """Return ids, groups, labels and splits that earlier runs added; `None` if there are none."""
    paths = [store.uri(key) for key in sorted(store.sizes(job.features)) if key.endswith(".parquet")]
    if not paths:
        return None
    rows = spark.read.option("basePath", store.uri(job.features)).parquet(*paths)
    roles = job.spec.roles
    columns = [F.col(job.spec.id).alias("id"), F.col("split")]
    columns += [
        F.lit(None).alias(name) if role is None else F.col(role).alias(name)
        for name, role in (("group", roles.group), ("label", roles.label))
    ]
    # Held before this run writes beside them.
    return rows.select(*columns).persist(StorageLevel.MEMORY_AND_DISK)


def _without_earlier(rows: DataFrame, earlier: DataFrame) -> DataFrame:
    known = earlier.select(F.udf(text_of)(F.col("id")).alias("id"), F.lit(True).alias("known"))
    marked = rows.join(known, "id", "left")
    again = (F.col("outcome") == PROCESSED) & F.col("known").isNotNull()
    return _duplicates(marked, again).drop("known")


# ---- splitting ------------------------------------------------------------------------------------------


def _placed(job: Job, rows: DataFrame) -> DataFrame:
    """Say of each accepted row in which split it is; by a hash of its group it was said when it was judged."""
    method = job.spec.split.method
    if method == "group":
        return rows
    if method == "stratified":
        return _stratified(job, rows)
    first, second = _border_times(job, rows)
    late = F.lit(False) if second is None else F.col("at") >= second
    later = F.lit(False) if first is None else F.col("at") >= first
    place = F.when(late, "test").when(later, "validation").otherwise("train")
    return rows.withColumn("split", F.when(F.col("outcome") == PROCESSED, place).otherwise(""))


def _border_times(job: Job, rows: DataFrame) -> tuple[Any, Any]:
    times = rows.where(F.col("outcome") == PROCESSED).select("at").orderBy("at").rdd.map(lambda row: row.at)
    places = borders(times.count(), job.spec.split)
    times_by_place = dict(
        times.zipWithIndex().map(lambda pair: (pair[1], pair[0])).filter(lambda p: p[0] in places).collect()
    )
    return times_by_place.get(places[0]), times_by_place.get(places[1])


def _stratified(job: Job, rows: DataFrame) -> DataFrame:
    split = job.spec.split
    groups = rows.where(F.col("outcome") == PROCESSED).groupBy("group").agg(F.min("label").alias("stratum"))
    seeded = F.sha2(F.concat(F.lit(split.seed + ":"), F.col("group")), 256)
    ordered = Window.partitionBy("stratum").orderBy(seeded)
    place = F.row_number().over(ordered) - F.lit(1)
    groups = groups.withColumn("point", (place + F.lit(0.5)) / F.count(F.lit(1)).over(Window.partitionBy("stratum")))
    at_point = (
        F.when(F.col("point") < split.train, "train")
        .when(F.col("point") < split.train + split.validation, "validation")
        .otherwise("test")
    )
    known = groups.select("group", at_point.alias("placed"))
    placed = F.when(F.col("outcome") == PROCESSED, F.col("placed")).otherwise("")
    return rows.join(known, "group", "left").withColumn("split", placed).drop("placed")


# ---- counting -------------------------------------------------------------------------------------------


def _tally(job: Job, rows: DataFrame) -> Tally:
    tally = Tally(job.spec)
    for row in rows.groupBy("source", "outcome").count().collect():
        tally.rows[row.source, row.outcome] = row["count"]
    first = F.col("part") == 0
    broken = F.col("reason").isin(*BROKEN)
    for row in rows.where(first & ~broken).groupBy("key").count().collect():
        tally.records_of_file[row.key] = row["count"]
    for row in rows.where(broken).orderBy("key", "line").collect():
        tally.broken.append((row.key, row.line, row.reason))
    for row in rows.where(F.col("outcome") == QUARANTINED).groupBy("reason").count().collect():
        tally.reasons[row.reason] = row["count"]
    processed = rows.where(F.col("outcome") == PROCESSED)
    for row in processed.groupBy("source").agg(F.countDistinct("group").alias("groups")).collect():
        tally.groups[row.source] = row.groups if tally.grouped else tally.rows[row.source, PROCESSED]
    if tally.grouped:
        for row in processed.select("split", "group").distinct().toLocalIterator():
            tally.place_group(row.split, row.group)
    _tally_labels(job, processed, tally)
    sums = rows.select("digest").rdd.mapPartitions(_sum).collect()
    tally.rows_in = sum(count for count, _, _ in sums)
    tally.records = sum(count for _, count, _ in sums)
    tally.row_sum = sum(total for _, _, total in sums)
    return tally


def _tally_labels(job: Job, rows: DataFrame, tally: Tally) -> None:
    for row in rows.groupBy("split").count().collect():
        tally.split_rows[row.split] = row["count"]
    if tally.counts_labels:
        for row in rows.groupBy("split", "label").count().limit(LABELS_COUNTED + 1).collect():
            tally.count_label(row.split, row.label, row["count"])
    if tally.ranges and job.spec.roles.label is not None:
        place = [column.name for column in job.spec.output].index(job.spec.roles.label)
        for split, label in rows.rdd.mapPartitions(lambda part: _extremes(part, place)).collect():
            tally.widen(split, label, label)


def _extremes(part: Iterable[Row], place: int) -> Iterator[tuple[str, Any]]:
    """Yield the smallest and the largest label of each split."""
    ranges: dict[str, tuple[Any, Any]] = {}
    for row in part:
        label = pickle.loads(row.cells)[place]
        low, high = ranges.get(row.split, (label, label))
        ranges[row.split] = (min(low, label), max(high, label))
    for split, labels in ranges.items():
        for label in labels:
            yield split, label


def _sum(part: Iterable[Row]) -> Iterator[tuple[int, int, int]]:
    rows = records = total = 0
    for row in part:
        rows += 1
        if row.digest is not None:
            records += 1
            total += int.from_bytes(row.digest, "big")
    yield rows, records, total % MODULUS


# ---- writing --------------------------------------------------------------------------------------------


def _finish(
    job: Job,
    store: Any,
    given: Input,
    files: list[RawFile],
    rows: DataFrame,
    earlier: DataFrame | None,
    tally: Tally,
    folder: Path,
) -> dict[str, Any]:
    outputs = {"quarantine": publish.put_quarantine(store, _quarantine(job, files, rows, folder))}
    why = reports.refusal(job, files, tally)
    if why:
        publish.refuse(job, store, reports.build(job, given, files, tally, outputs, NAME), why)
    processed = rows.where(F.col("outcome") == PROCESSED)
    count = tally.total(PROCESSED)
    outputs["processed"] = _write(job, processed, count, "source", store)
    outputs["features"] = _write(job, processed, count, "split", store)
    labels = JsonLines(job.labels, folder)
    if earlier is not None:
        # Labels and groups cover everything that training reads.
        for row in earlier.where(F.col("split") == "test").orderBy("id").toLocalIterator():
            labels.add({"id": row.id, "label": row.label})
        for row in earlier.select("split", "group").distinct().toLocalIterator() if tally.grouped else ():
            tally.place_group(row.split, text_of(row.group))
    _add_labels(job, processed, labels)
    facts = labels.close()
    store.put_file(facts["key"], labels.path)
    outputs["labels"] = [facts]
    return publish.complete(job, store, given, files, tally, outputs, NAME)


def _add_labels(job: Job, rows: DataFrame, labels: JsonLines) -> None:
    names = [column.name for column in job.spec.output]
    at_id, label = names.index(job.spec.id), job.spec.roles.label
    generated = job.spec.roles.id is None
    test = rows.where(F.col("split") == "test").select("id", "key", "line", "part", "cells")
    for row in test.orderBy("key", "line", "part").toLocalIterator():
        cells = pickle.loads(row.cells)
        row_id = row.id if generated else cells[at_id]
        labels.add({"id": row_id, "label": None if label is None else cells[names.index(label)]})


def _quarantine(job: Job, files: list[RawFile], rows: DataFrame, folder: Path) -> publish.Part:
    """Write all entries in the order of keys and lines, one at a time through the driver."""
    lines, by_key = JsonLines(job.quarantine, folder), {file.key: file for file in files}
    refused = [file for file in files if file.refused]
    for row in rows.where(F.col("outcome") == QUARANTINED).orderBy("key", "line", "part").toLocalIterator():
        while refused and refused[0].key < row.key:
            lines.add(entry_of_file(refused.pop(0)))
        lines.add(entry(by_key[row.key], row.line, row.reason, row.bytes, bytes(row.record)))
    for file in refused:
        lines.add(entry_of_file(file))
    return lines.close(), lines.path


def _write(job: Job, rows: DataFrame, count: int, partition: str, store: Any) -> list[dict[str, Any]]:
    """Write the files, one per partition and task, and return their facts in the order of keys and lines.

    Args:
        partition: column that names their folders: source, of processed rows, or split.
    """
    tasks = max(1, -(-count // ROWS_PER_FILE))
    columns = job.spec.stored_columns if partition == "source" else job.spec.output
    generated, width, tag = job.spec.roles.id is None, len(columns), f"-{job.run_id}" if job.incremental else ""
    order = (partition, "key", "line", "part")
    placed = rows.select(*order, "id", "cells").repartitionByRange(tasks, *order).sortWithinPartitions(*order)

    def prefix(value: str) -> str:
        if partition == "split":
            return job.features_folder(value)
        return job.processed_folder(tuple(value.split("/")) if value else ())

    def write(task: int, part: Iterable[Row]) -> Iterator[dict[str, Any]]:
        with tempfile.TemporaryDirectory(prefix="etl-") as folder:
            for value, group in groupby(part, key=lambda row: str(row[partition])):
                parts = ParquetParts(prefix(value), Path(folder), first=task, tag=tag)
                made = Rows(parts, schema_of(columns))
                for row in group:
                    cells = pickle.loads(row.cells)
                    made.add((row.id, *cells[1:width]) if generated else cells[:width])
                for facts, path in made.close():
                    store.put_file(facts["key"], path)
                    yield facts

    written: RDD[dict[str, Any]] = placed.rdd.mapPartitionsWithIndex(write)
    return sorted(written.collect(), key=lambda facts: str(facts["key"]))
