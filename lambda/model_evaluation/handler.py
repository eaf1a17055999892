"""Score a model and decide whether it passes the quality gate (pipeline step 6).

Event: {"bucket", "labels_key", "labels_sha256", "output_key", "gate": {"margin_over_baseline", "min_f1"}}.
Metrics are computed here from the job's predictions and the ETL's labels, not taken from the job.
"""

from __future__ import annotations

from typing import Any

import boto3

from inference_common.logs import bind, get_logger
from inference_common.s3 import Bucket, expect_own_buckets
from model_evaluation.files import read_labels, read_predictions
from model_evaluation.metrics import Gate, judge, score

S3 = expect_own_buckets(boto3.client("s3"))
LOG = get_logger("model_evaluation")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    log = bind(LOG, request_id=context.aws_request_id, output_key=event["output_key"])
    bucket = Bucket(S3, event["bucket"])
    labels = read_labels(bucket.read(event["labels_key"]), event["labels_sha256"])
    predictions = read_predictions(bucket.read(event["output_key"]))
    gate = Gate(float(event["gate"]["margin_over_baseline"]), float(event["gate"]["min_f1"]))
    verdict = judge(score(labels, predictions), gate)
    log.info("judged", extra={"verdict": verdict})
    return verdict
