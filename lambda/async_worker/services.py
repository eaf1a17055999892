"""Access S3, SQS and SNS; translate their errors into `ServiceError`s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from inference_common.errors import BadRequest, PayloadTooLarge
from inference_common.json_output import dumps
from inference_routing.clients import client
from inference_routing.clients.failures import FAILURES, translate

MISSING = ("NoSuchKey", "404", "NotFound")
EXISTS = ("PreconditionFailed",)
JSON = "application/json"


def code_of(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


class Bucket:
    """The data bucket."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, key: str) -> bytes | None:
        try:
            body: bytes = client("s3").get_object(Bucket=self.name, Key=key)["Body"].read()
        except FAILURES as error:
            if code_of(error) in MISSING:
                return None
            raise translate(error, f"object {key}") from error
        return body

    def exists(self, key: str) -> bool:
        try:
            client("s3").head_object(Bucket=self.name, Key=key)
        except FAILURES as error:
            if code_of(error) in MISSING:
                return False
            raise translate(error, f"object {key}") from error
        return True

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Create an object; return False if it exists. Concurrent writes raise a transient error."""
        try:
            client("s3").put_object(
                Bucket=self.name, Key=key, Body=body, ContentType=JSON, Metadata=dict(metadata), IfNoneMatch="*"
            )
        except FAILURES as error:
            if code_of(error) in EXISTS:
                return False
            raise translate(error, f"object {key}") from error
        return True

    def delete(self, key: str) -> None:
        try:
            client("s3").delete_object(Bucket=self.name, Key=key)
        except FAILURES as error:
            raise translate(error, f"object {key}") from error

    def input(self, key: str, at_most: int) -> bytes:
        """Read the body of a request, which its caller may have uploaded."""
        try:
            response = client("s3").get_object(Bucket=self.name, Key=key)
            if response["ContentLength"] > at_most:
                raise PayloadTooLarge(f"the input has {response['ContentLength']} bytes, of {at_most} that are taken")
            body: bytes = response["Body"].read()
        except FAILURES as error:
            if code_of(error) in MISSING:
                raise BadRequest("the input of the request no longer exists") from error
            raise translate(error, f"object {key}") from error
        return body


class Topics:
    """The SNS topics for finished requests."""

    def publish(self, arn: str, notification: Mapping[str, Any]) -> None:
        try:
            client("sns").publish(TopicArn=arn, Message=dumps(notification))
        except FAILURES as error:
            raise translate(error, "the topic") from error


class Queue:
    """The request queue."""

    def __init__(self, url: str) -> None:
        self._url = url

    def postpone(self, receipt: str, seconds: int) -> None:
        """Change the visibility timeout of one message."""
        try:
            client("sqs").change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except FAILURES as error:
            raise translate(error, "the queue") from error
