"""Outcomes of asynchronous requests: an object in S3 and a message to a topic, under the model's role."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from emulator.core.aws import Aws, split_uri
from emulator.core.processes import Credentials
from emulator.services.sagemaker.model_server import Answer

if TYPE_CHECKING:
    from emulator.services.sagemaker.async_queue import Queued

LOG = logging.getLogger(__name__)
T = TypeVar("T")
INCLUDED_BYTES = 128 * 1024
"""Largest response that a notification includes."""
SESSION_SECONDS = 1800.0
ATTEMPTS, FIRST_PAUSE = 6, 0.1
TRANSIENT = ("Throttling", "TooManyRequests", "SlowDown", "InternalError", "InternalFailure", "ServiceUnavailable")
SUCCESS, ERROR = "SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"
SEE_LOGS = "See the SageMaker Endpoint logs in your account for more information."


@dataclass(frozen=True)
class Outcome:
    """A result, or a failure with its reason."""

    body: bytes = b""
    content_type: str = "text/plain"
    reason: str | None = None
    location: str | None = None
    """URI of the written object; `None` if none was written."""
    notified: str = "no topic"

    @classmethod
    def of(cls, answer: Answer) -> Outcome:
        if answer.status == 200:
            return cls(answer.body, answer.content_type)
        kind = "client" if 400 <= answer.status < 500 else "server"
        reason = f"ClientError: Received {kind} error ({answer.status}) from model. {SEE_LOGS}"
        return cls(answer.body, answer.content_type, reason)

    @classmethod
    def failed(cls, reason: str) -> Outcome:
        """Make the outcome of a request that no model answered; the object contains the reason."""
        return cls(reason.encode(), "text/plain", reason[:1000])


class Store:
    """Reads inputs, writes outcomes. Thread-safe."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[float, Credentials]] = {}

    def read(self, request: Queued) -> bytes:
        """Return the input. Raise `ClientError` if it is missing or the role may not read it."""
        bucket, key = split_uri(str(request.input_location))
        s3 = self._client("s3", request)
        return with_retries(lambda: bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))

    def write(self, request: Queued, outcome: Outcome) -> Outcome:
        """Write the object, then send the notification; return the outcome with both results."""
        written = self._put(request, outcome)
        if written.reason and not outcome.reason:
            # A result that cannot be written is a failure, which has its own location.
            written = self._put(request, written)
        return replace(written, notified=self._notify(request, written))

    def _put(self, request: Queued, outcome: Outcome) -> Outcome:
        target = request.failure_location if outcome.reason else request.output_location
        if not target:
            return outcome
        try:
            self._upload(request, target, outcome)
        except (ClientError, BotoCoreError) as error:
            LOG.error("the outcome of %s cannot be written to %s: %s", request.inference_id, target, error)
            return outcome if outcome.reason else Outcome.failed(f"ClientError: Failed to upload the response: {error}")
        return replace(outcome, location=target)

    def _upload(self, request: Queued, target: str, outcome: Outcome) -> None:
        bucket, key = split_uri(target)
        kms = request.destination.kms_key_id
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms} if kms else {}
        s3 = self._client("s3", request)
        with_retries(
            lambda: s3.put_object(
                Bucket=bucket, Key=key, Body=outcome.body, ContentType=outcome.content_type, **encryption
            )
        )

    def _notify(self, request: Queued, outcome: Outcome) -> str:
        destination = request.destination
        topic = destination.error_topic if outcome.reason else destination.success_topic
        if not topic:
            return "no topic"
        try:
            sns = self._client("sns", request)
            with_retries(lambda: sns.publish(TopicArn=topic, Message=json.dumps(message(request, outcome))))
        except (ClientError, BotoCoreError) as error:
            LOG.error("%s was not notified of %s: %s", topic, request.inference_id, error)
            return f"failed: {error}"[:500]
        return topic

    def _client(self, service: str, request: Queued) -> Any:
        role, region = request.destination.role_arn, request.destination.region
        with self._lock:
            made, credentials = self._sessions.get(role, (0.0, None))
            if credentials is None or time.monotonic() > made + SESSION_SECONDS:
                credentials = self._aws.assume(role, "SageMaker", service="sagemaker.amazonaws.com")
                self._sessions[role] = (time.monotonic(), credentials)
        return self._aws.client(service, credentials, region)


def message(request: Queued, outcome: Outcome) -> dict[str, Any]:
    """Return the notification for the topic."""
    parameters = {
        "accept": request.accept,
        "contentType": request.content_type,
        "endpointName": request.endpoint,
        "inputLocation": request.input_location,
    }
    notification: dict[str, Any] = {
        "awsRegion": request.destination.region,
        "eventTime": stamp(time.time()),
        "receivedTime": stamp(request.received),
        "invocationStatus": "Failed" if outcome.reason else "Completed",
        **({"failureReason": outcome.reason} if outcome.reason else {}),
        "requestParameters": {name: value for name, value in parameters.items() if value},
        "responseParameters": _response_parameters(outcome),
        "inferenceId": request.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    included = (ERROR if outcome.reason else SUCCESS) in request.destination.include_in
    if included and len(outcome.body) <= INCLUDED_BYTES:
        notification["responseBody"] = {"content": base64.b64encode(outcome.body).decode(), "encoding": "BASE64"}
    return {name: value for name, value in notification.items() if value != {}}


def _response_parameters(outcome: Outcome) -> dict[str, str]:
    if not outcome.location:
        return {}
    name = "failureLocation" if outcome.reason else "outputLocation"
    return {"contentType": outcome.content_type, name: outcome.location}


def with_retries(call: Callable[[], T]) -> T:
    """Call, and retry after a pause if the service was only busy."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call()
        except (ClientError, HTTPClientError, NoConnection) as error:
            if attempt == ATTEMPTS or not _transient(error):
                raise
            time.sleep(FIRST_PAUSE * 2**attempt)
    raise AssertionError("unreachable")


def _transient(error: ClientError | HTTPClientError | NoConnection) -> bool:
    if not isinstance(error, ClientError):
        return True
    code = str(error.response["Error"]["Code"])
    return code.startswith(TRANSIENT) or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


def stamp(moment: float) -> str:
    """Format a time as notifications do."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
