"""The job on AWS Glue: Spark's session, and the bookmark that knows which raw files are new.

Exists only there: `awsglue` is part of Glue's workers.
"""

from __future__ import annotations

import logging
from typing import Any

from awsglue.context import GlueContext
from awsglue.job import Job as GlueJob
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

from reviews import spark_runner
from reviews.job import Job

log = logging.getLogger("etl")

PATH_COLUMN = "etl_path"
UNUSED = "\x01"
"""A separator that no line has: the columns do not matter here."""


def run(job: Job, store: Any, name: str, argv: list[str]) -> dict[str, Any]:
    """Run the job and move the bookmark. Raises `EtlError`; then the bookmark stays where it is."""
    context = GlueContext(SparkContext.getOrCreate())
    glue_job = GlueJob(context)
    glue_job.init(name, getResolvedOptions(["etl", *argv], ["JOB_NAME"]))
    only = None
    if job.incremental:
        new = _new_keys(context, job, store)
        sizes = store.sizes(job.raw)
        only = {key: sizes[key] for key in sizes if key in new}
        log.info("bookmark: %d of %d raw objects are new", len(only), len(sizes))
    report = spark_runner.run(job, store, context.spark_session, only)
    glue_job.commit()
    return report


def _new_keys(context: Any, job: Job, store: Any) -> set[str]:
    """List the raw files that no committed run has read. Bookmarks belong to Glue's reader, which only names the files.

    An empty file has no rows to be named with; it stays new until it has some.
    """
    frame = context.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [store.uri(job.raw)], "recurse": True},
        format="csv",
        format_options={"separator": UNUSED, "quoteChar": -1, "attachFilename": PATH_COLUMN},
        transformation_ctx="raw",
    )
    paths = frame.toDF()
    if PATH_COLUMN not in paths.columns:
        return set()
    return {spark_runner.key_in(row[0], job.raw) for row in paths.select(PATH_COLUMN).distinct().collect()}
