"""The entry: what it understands of its command line, and where it thinks that it runs."""

from __future__ import annotations

import reviews_etl


def test_options_that_glue_adds_are_let_through() -> None:
    glue = ["--JOB_NAME", "j", "--scriptLocation", "s3://x", "--enable-metrics", "true", "--JOB_RUN_ID", "jr_1"]
    arguments = reviews_etl.parse_arguments(["--bucket", "b", "--bucket_owner", "123456789012", "--run_id", "r", *glue])
    assert (arguments.bucket, arguments.run_id, arguments.dataset, arguments.split_seed) == (
        "b",
        "r",
        "reviews",
        "reviews-v1",
    )
    assert (arguments.JOB_NAME, arguments.max_quarantine_share, arguments.job_bookmark_option) == (
        "j",
        0.05,
        "job-bookmark-disable",
    )


def test_this_is_not_glue() -> None:
    assert not reviews_etl.on_glue()
