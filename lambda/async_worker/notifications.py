"""Build SNS notifications in the format of SageMaker, so that one callback handles both. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from async_worker.messages import Job
from async_worker.settlement import Outcome

JSON = "application/json"


def notification(job: Job, outcome: Outcome, bucket: str, region: str, model: str, now: datetime) -> dict[str, Any]:
    """Build the notification for the success topic or the error topic."""
    notification: dict[str, Any] = {
        "awsRegion": region,
        "eventTime": _stamp(now),
        "receivedTime": _stamp(datetime.fromtimestamp(job.sent_ms / 1000, UTC)),
        "invocationStatus": "Completed" if outcome.completed else "Failed",
        "requestParameters": {"contentType": JSON, "modelId": model, "inputLocation": f"s3://{bucket}/{job.input_key}"},
        "inferenceId": job.request_id,
        "eventVersion": "1.0",
        "eventSource": "platform:async-worker",
        "eventName": "InferenceResult",
    }
    if outcome.error is None:
        notification["responseParameters"] = {"contentType": JSON, "outputLocation": f"s3://{bucket}/{job.output_key}"}
    else:
        notification["failureReason"] = f"{outcome.error['type']}: {outcome.error['message']}"[:1000]
        notification["failureLocation"] = f"s3://{bucket}/{job.failure_key}"
    return notification


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
