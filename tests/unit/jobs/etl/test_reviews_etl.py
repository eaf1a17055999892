"""The entry: what it understands of its command line, and where it thinks that it runs."""

from __future__ import annotations

import reviews_etl


def test_options_that_glue_adds_are_let_through() -> None:
    glue = ["--JOB_NAME", "j", "--scriptLocation", "s3://x", "--enable-metrics", "true", "--JOB_RUN_ID", "jr_1"]
    found = reviews_etl.parse_arguments(["--bucket", "b", "--bucket_owner", "123456789012", "--run_id", "r", *glue])
    assert (found.bucket, found.run_id, found.dataset, found.split_seed) == ("b", "r", "reviews", "reviews-v1")
    assert (found.JOB_NAME, found.max_quarantine_share, found.job_bookmark_option) == (
        "j",
        0.05,
        "job-bookmark-disable",
    )


def test_this_is_not_glue() -> None:
    assert not reviews_etl.on_glue()
