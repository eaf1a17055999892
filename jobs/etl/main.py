"""Entry of the ETL job of any dataset: reads its arguments, finds out where it runs, and leaves the work to `tabular`.

On AWS it is a Glue job of Spark; `tabular` and the dataset's own code arrive as zips (`--extra-py-files`). Where Glue's
libraries are missing it does the same in one process, and says so in its log and its report.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import logging
import sys
from typing import Any

from tabular import catalogue
from tabular.contract import Transform
from tabular.errors import EtlError
from tabular.job import Input, Job, raw_folder
from tabular.spec import Spec, parse
from tabular.store import S3Store

log = logging.getLogger("etl")

BOOKMARKS = "job-bookmark-enable"


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Parse the arguments. Glue adds its own (--JOB_NAME, --enable-metrics, …), so unknown options are accepted.

    `awsglue.utils.getResolvedOptions` is argparse underneath but has no optional arguments, and the module
    exists only inside Glue; plain argparse reads the same command line in both places.
    """
    parser = argparse.ArgumentParser(description="ETL of a dataset", allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--bucket_owner", required=True, help="account that the bucket must belong to")
    parser.add_argument("--spec", required=True, help="key of the dataset's specification in the bucket")
    parser.add_argument("--run_id", required=True, help="names the report; the pipeline passes its own")
    parser.add_argument("--raw_bucket", help="bucket of an external source; unset: the same")
    parser.add_argument("--raw_owner", help="account that the external source's bucket must belong to")
    parser.add_argument("--job-bookmark-option", default="job-bookmark-disable")
    parser.add_argument("--JOB_NAME", default="")
    return parser.parse_known_args(argv)[0]


def on_glue() -> bool:
    """Tell whether Glue's own library is here; it comes with Spark."""
    return importlib.util.find_spec("awsglue") is not None


def transform_of(spec: Spec) -> Transform | None:
    """Return the dataset's own transform, from the zip with its code."""
    if not spec.transforms:
        return None
    try:
        function: Transform = importlib.import_module("transform").transform
    except (ImportError, AttributeError) as error:
        raise EtlError(
            f"the code of dataset '{spec.name}' has no function `transform` in transform.py: {error}"
        ) from error
    return function


def prepared(arguments: argparse.Namespace, store: S3Store) -> tuple[Job, Input]:
    """Return the job and its raw files, as the specification in the bucket describes them."""
    spec = parse(json.loads(b"".join(store.chunks(arguments.spec))))
    owner = arguments.raw_owner or arguments.bucket_owner
    incremental = arguments.job_bookmark_option == BOOKMARKS
    if spec.source["type"] == "glue":
        import boto3

        glue = boto3.client("glue")
        table = catalogue.read_table(glue, spec)
        spec = catalogue.with_partitions(spec, table)
        job = Job(spec, arguments.run_id, transform_of(spec), incremental)
        return job, catalogue.table_input(glue, spec, table, lambda bucket: S3Store(bucket, owner))
    job = Job(spec, arguments.run_id, transform_of(spec), incremental)
    raw = S3Store(arguments.raw_bucket, owner) if arguments.raw_bucket else store
    return job, raw_folder(spec, raw, spec.source.get("prefix") or job.raw)


def main(argv: list[str]) -> dict[str, Any]:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    arguments = parse_arguments(argv)
    store = S3Store(arguments.bucket, arguments.bucket_owner)
    job, given = prepared(arguments, store)
    if on_glue():
        from tabular import glue

        return glue.run(job, store, given, arguments.JOB_NAME, argv)
    from tabular import plain_runner

    log.info("runner=plain: one process, no Spark; Glue's library is not here")
    return plain_runner.run(job, store, given)


if __name__ == "__main__":
    main(sys.argv[1:])
