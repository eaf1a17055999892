"""The job on AWS Glue: Spark's session, and the bookmark that knows which raw files are new.

Exists only there: `awsglue` is part of Glue's workers.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote

from awsglue.context import GlueContext
from awsglue.job import Job as GlueJob
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

from tabular import spark_runner
from tabular.job import Input, Job, only

log = logging.getLogger("etl")

PATH_COLUMN = "etl_path"
UNUSED = "\x01"
"""A separator that no line has: the columns do not matter here."""


def run(job: Job, store: Any, given: Input, name: str, argv: list[str]) -> dict[str, Any]:
    """Run the job and move the bookmark. Raises `EtlError`; then the bookmark stays where it is."""
    context = GlueContext(SparkContext.getOrCreate())
    glue_job = GlueJob(context)
    glue_job.init(name, getResolvedOptions(["etl", *argv], ["JOB_NAME"]))
    if job.incremental:
        new = only(given, _new_keys(context, given))
        log.info("bookmark: %d of %d raw objects are new", len(new.objects), len(given.objects))
        given = new
    report = spark_runner.run(job, store, given, context.spark_session)
    glue_job.commit()
    return report


def _new_keys(context: Any, given: Input) -> set[str]:
    """List the raw files that no committed run has read. Bookmarks belong to Glue's reader, which only names the files.

    An empty file has no rows to be named with; it stays new until it has some.
    """
    frame = context.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": list(given.roots), "recurse": True},
        format="csv",
        format_options={"separator": UNUSED, "quoteChar": -1, "attachFilename": PATH_COLUMN},
        transformation_ctx="raw",
    )
    paths = frame.toDF()
    if PATH_COLUMN not in paths.columns:
        return set()
    # Spark's paths differ in scheme: what follows the bucket is the key.
    named = {
        unquote(row[0]).split("://", 1)[1].partition("/")[2] for row in paths.select(PATH_COLUMN).distinct().collect()
    }
    return named & set(given.objects)
