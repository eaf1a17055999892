"""Access AWS for the job API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from inference_common.errors import InternalError, NotReady, Unavailable
from inference_common.json_input import loads
from inference_common.json_output import dumps
from inference_common.s3 import expect_own_buckets
from inference_routing.clients import CONNECT_SECONDS, client
from inference_routing.clients.failures import FAILURES, translate
from job_api.records import AsyncRecord

MISSING = ("NoSuchKey", "404", "NotFound")
EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")
JSON = "application/json"
SHORTEST_SECRET = 32


class Stored(NamedTuple):
    """An object's size and metadata, and its body if that is small."""

    size: int
    body: bytes | None
    """None if it is larger than requested."""
    metadata: Mapping[str, str]
    content_type: str


class Bucket:
    """The data bucket."""

    def __init__(self, name: str, key_arn: str) -> None:
        self.name = name
        self._key_arn = key_arn
        self._s3: Any = None

    @property
    def _client(self) -> Any:
        if self._s3 is None:
            # Presigned URLs of encrypted objects require signature version 4, which is not the default everywhere.
            config = Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_SECONDS,
                read_timeout=10,
                retries={"total_max_attempts": 3, "mode": "standard"},
            )
            self._s3 = expect_own_buckets(get_session().create_client("s3", config=config))
        return self._s3

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def put(self, key: str, body: bytes) -> None:
        try:
            self._client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=JSON)
        except FAILURES as error:
            raise translate(error, f"object {key}") from error

    def put_new(self, key: str, body: bytes) -> bool:
        """Create an object; return False if it exists."""
        try:
            self._client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=JSON, IfNoneMatch="*")
        except FAILURES as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in EXISTS:
                return False
            raise translate(error, f"object {key}") from error
        return True

    def size(self, key: str) -> int | None:
        try:
            length: int = self._client.head_object(Bucket=self.name, Key=key)["ContentLength"]
        except FAILURES as error:
            _raise_unless_missing(error, key)
            return None
        return length

    def read(self, key: str, at_most: int) -> Stored | None:
        """Return an object, with its body unless that is larger than `at_most` bytes."""
        try:
            response = self._client.get_object(Bucket=self.name, Key=key)
            size = int(response["ContentLength"])
            body = response["Body"].read() if size <= at_most else None
            response["Body"].close()
        except FAILURES as error:
            _raise_unless_missing(error, key)
            return None
        return Stored(size, body, response.get("Metadata", {}), response.get("ContentType", ""))

    def address(self, key: str, seconds: int) -> str:
        """Return a presigned URL to read one object."""
        params = {"Bucket": self.name, "Key": key}
        url: str = self._client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)
        return url

    def upload_address(self, key: str, size: int, seconds: int) -> tuple[str, dict[str, str]]:
        """Return a presigned URL to upload one object of exactly this size, and the signed headers to send."""
        params = {
            "Bucket": self.name,
            "Key": key,
            "ContentLength": size,
            "ContentType": JSON,
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": self._key_arn,
        }
        url: str = self._client.generate_presigned_url("put_object", Params=params, ExpiresIn=seconds)
        return url, {
            "content-type": JSON,
            "content-length": str(size),
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": self._key_arn,
        }


def _raise_unless_missing(error: Exception, key: str) -> None:
    if not isinstance(error, ClientError) or error.response["Error"]["Code"] not in MISSING:
        raise translate(error, f"object {key}") from error


class Secret:
    """The environment's secret for ids, created at deployment and read on first use."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _value(self) -> bytes:
        try:
            parameter = client("ssm").get_parameter(Name=self._name, WithDecryption=True)
        except FAILURES as error:
            raise translate(error, f"parameter {self._name}") from error
        value = str(parameter["Parameter"]["Value"]).encode()
        if len(value) < SHORTEST_SECRET:
            raise InternalError(
                f"the parameter {self._name} has fewer than {SHORTEST_SECRET} bytes: it is not a secret"
            )
        return value

    def __call__(self) -> bytes:
        return self._value


class Endpoints:
    """Asynchronous SageMaker endpoints."""

    def ask(self, record: AsyncRecord, request_id: str, input_uri: str, content_type: str) -> tuple[str, str]:
        """Invoke an endpoint; return the S3 URIs of the future result and failure."""
        runtime = client("sagemaker-runtime")
        params: dict[str, Any] = {
            "EndpointName": record.endpoint_name,
            "InputLocation": input_uri,
            "InferenceId": request_id,
            "ContentType": content_type,
            "Accept": content_type,
            "RequestTTLSeconds": record.ttl_seconds,
            "InvocationTimeoutSeconds": record.invocation_timeout_seconds,
        }
        shape = runtime.meta.service_model.operation_model("InvokeEndpointAsync").input_shape
        if "Filename" in shape.members:
            # Newer than some SDKs; without it SageMaker chooses a name, which the ticket records.
            params["Filename"] = f"{request_id}.out"
        try:
            answer = runtime.invoke_endpoint_async(**params)
        except FAILURES as error:
            raise translate(error, f"endpoint {record.endpoint_name}") from error
        return str(answer["OutputLocation"]), str(answer.get("FailureLocation") or "")


class Queues:
    """Request queues of the worker functions."""

    def send(self, url: str, message: Mapping[str, Any]) -> None:
        try:
            client("sqs").send_message(QueueUrl=url, MessageBody=dumps(message))
        except FAILURES as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"].endswith("NonExistentQueue"):
                raise NotReady("the blueprint's queue does not exist or is still being made") from error
            raise translate(error, "the queue") from error


class Functions:
    """Functions that run batch jobs."""

    def call(self, name: str, question: Mapping[str, Any]) -> Any:
        """Invoke a function and return its response. A function error becomes `InternalError`."""
        try:
            answer = client("lambda").invoke(FunctionName=name, Payload=dumps(question).encode())
            content = answer["Payload"].read()
        except FAILURES as error:
            raise translate(error, f"function {name}") from error
        if "FunctionError" in answer:
            raise InternalError(f"the function {name} failed")
        try:
            return loads(content)
        except ValueError:
            # Safe for the caller to retry: an equal request is the same job.
            raise Unavailable(f"the answer of the function {name} cannot be read") from None
