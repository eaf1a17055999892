"""Check whether the ETL output is fit for training (pipeline step 4).

Event: {"bucket", "dataset", "run_id"}, and optionally "spec_key", the key of the dataset's specification (otherwise the
one in the report counts), and "task" (classification, regression or custom; otherwise the label's type decides).
Returns a summary; raises DataValidationFailed, whose name is the error name that the state machine sees.
"""

from __future__ import annotations

from typing import Any

import boto3

from data_validation.rules import Facts, broken_rules, task_of
from inference_common.logs import bind, get_logger
from inference_common.s3 import Bucket, expect_own_buckets

S3 = expect_own_buckets(boto3.client("s3"))
LOG = get_logger("data_validation")


class DataValidationFailed(Exception):
    """Permanent: the same data will fail again."""


def gather(bucket: Bucket, event: dict[str, Any]) -> Facts:
    """Collect the facts that the rules check."""
    dataset, run_id = event["dataset"], event["run_id"]
    report = bucket.read_json(f"data/processed/_reports/{dataset}/{run_id}.json")
    groups = bucket.read_json(report["outputs"]["groups"][0]["key"]) if report["outputs"].get("groups") else {}
    spec = bucket.read_json(event["spec_key"]) if event.get("spec_key") else report["spec"]
    stored = {**bucket.sizes(f"data/features/{dataset}/"), **bucket.sizes(f"data/features/labels/{dataset}/")}
    return Facts(report, groups, stored, spec, event.get("task") or task_of(spec))


def summarise(report: dict[str, Any]) -> dict[str, Any]:
    labels = report["outputs"]["labels"][0]
    return {
        "data_fingerprint": report["data_fingerprint"],
        "counts": report["counts"],
        "splits": {name: split["rows"] for name, split in report["splits"].items()},
        "labels_key": labels["key"],
        "labels_sha256": labels["sha256"],
    }


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    log = bind(LOG, request_id=context.aws_request_id, run_id=event["run_id"])
    facts = gather(Bucket(S3, event["bucket"]), event)
    problems = broken_rules(facts)
    if problems:
        log.error("data refused", extra={"problems": problems})
        raise DataValidationFailed("; ".join(problems))
    summary = summarise(dict(facts.report))
    log.info("data accepted", extra={"counts": summary["counts"]})
    return summary
