"""Entry of the ETL job: reads its arguments, finds out where it runs, and leaves the work to `reviews`.

On AWS it is a Glue job of Spark, and `reviews` arrives as a zip (`--extra-py-files`). Where Glue's libraries are
missing it does the same in one process, and says so in its log and its report.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import sys
from typing import Any

from reviews.job import Job
from reviews.store import S3Store

log = logging.getLogger("etl")

BOOKMARKS = "job-bookmark-enable"


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Parse the arguments. Glue adds its own (--JOB_NAME, --enable-metrics, …), so unknown options are accepted.

    `awsglue.utils.getResolvedOptions` is argparse underneath but has no optional arguments, and the module
    exists only inside Glue; plain argparse reads the same command line in both places.
    """
    parser = argparse.ArgumentParser(description="review ETL", allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--bucket_owner", required=True, help="account that the bucket must belong to")
    parser.add_argument("--run_id", required=True, help="names the report; the pipeline passes its own")
    parser.add_argument("--dataset", default="reviews")
    parser.add_argument("--split_seed", default="reviews-v1")
    parser.add_argument("--max_quarantine_share", type=float, default=0.05)
    parser.add_argument("--job-bookmark-option", default="job-bookmark-disable")
    parser.add_argument("--JOB_NAME", default="")
    return parser.parse_known_args(argv)[0]


def on_glue() -> bool:
    """Tell whether Glue's own library is here; it comes with Spark."""
    return importlib.util.find_spec("awsglue") is not None


def main(argv: list[str]) -> dict[str, Any]:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    arguments = parse_arguments(argv)
    job = Job(
        dataset=arguments.dataset,
        run_id=arguments.run_id,
        split_seed=arguments.split_seed,
        max_quarantine_share=arguments.max_quarantine_share,
        incremental=arguments.job_bookmark_option == BOOKMARKS,
    )
    store = S3Store(arguments.bucket, arguments.bucket_owner)
    if on_glue():
        from reviews import glue

        return glue.run(job, store, arguments.JOB_NAME, argv)
    from reviews import plain_runner

    log.info("runner=plain: one process, no Spark; Glue's library is not here")
    return plain_runner.run(job, store)


if __name__ == "__main__":
    main(sys.argv[1:])
