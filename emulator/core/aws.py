"""Clients of the emulator's own endpoint: roles, S3 transfers, log streams."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.core.administrator import ADMIN
from emulator.core.folders import inside
from emulator.core.processes import Credentials
from emulator.core.settings import Settings

LOG = logging.getLogger(__name__)

SERVICE_HEADER, SOURCE_HEADER = "x-emulator-service", "x-emulator-source-arn"
"""Headers that name the AWS service that assumes a role, and the resource that it acts for."""

OWN_HEADER = "x-emulator-own"
"""Header of calls that the emulator makes on its own behalf, which faults do not affect."""

INSIDE_HEADER, INSIDE = "x-emulator-inside", uuid.uuid4().hex
"""Header of every call from this process, under a role too: between services there is no flaky network.

The value is random, so that no other client can exempt itself.
"""

_assuming: ContextVar[dict[str, str] | None] = ContextVar("assuming", default=None)
_lock = threading.Lock()
_offline = threading.Event()
_config = Config(retries={"total_max_attempts": 1}, max_pool_connections=32, read_timeout=900, proxies={})


class ObjectsMissing(Exception):
    """No object exists under an S3 URI that is an input."""


class Aws:
    """Clients for one emulator. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def client(self, service: str, credentials: Credentials = ADMIN, region: str | None = None) -> Any:
        """A cached client of this service that signs with these credentials."""
        with _lock:  # botocore loads its models without locking
            return _client(self.settings.endpoint, service, credentials, region or self.settings.region)

    def assume(self, role_arn: str, session_name: str, *, service: str, source_arn: str = "") -> Credentials:
        """Assume a role, as the AWS service that it trusts does.

        `service` is the principal (`lambda.amazonaws.com`) that the role must trust, `source_arn` the resource that it
        acts for. Raises `ClientError` (AccessDenied) for a role that does not trust it.
        """
        token = _assuming.set({SERVICE_HEADER: service, **({SOURCE_HEADER: source_arn} if source_arn else {})})
        try:
            # STS accepts 2 to 64 characters; a Lambda function's name may have one.
            session_name = session_name[:64].ljust(2, "_")
            response = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)
        finally:
            _assuming.reset(token)
        keys = response["Credentials"]
        return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], role_arn)

    def role_arn(self, name_or_arn: str) -> str:
        """Return the ARN of a role. Glue also accepts a role's name."""
        return (
            name_or_arn
            if name_or_arn.startswith("arn:")
            else f"arn:aws:iam::{self.settings.account_id}:role/{name_or_arn}"
        )


@lru_cache(maxsize=1)
def _session() -> boto3.session.Session:
    """Return the shared session: it reads each service's model once. Call it under the lock only."""
    return boto3.session.Session()


@lru_cache(maxsize=256)
def _client(endpoint: str, service: str, credentials: Credentials, region: str) -> Any:
    client = _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token or None,
        config=_config,
    )
    client.meta.events.register("before-call", tell_inside)
    if credentials == ADMIN:
        client.meta.events.register("before-call", _tell_own)
    if service == "sts":
        client.meta.events.register("before-call.sts.AssumeRole", _tell_service)
    return client


def _tell_service(params: dict[str, Any], **_: Any) -> None:
    params["headers"].update(_assuming.get() or {})


def tell_inside(params: dict[str, Any], **_: Any) -> None:
    """Handler of a client's `before-call`."""
    params["headers"][INSIDE_HEADER] = INSIDE


def _tell_own(params: dict[str, Any], **_: Any) -> None:
    params["headers"][OWN_HEADER] = "true"


def go_offline() -> None:
    """Stop sending log lines: the server no longer answers, and nothing may wait for it."""
    _offline.set()


def split_uri(uri: str) -> tuple[str, str]:
    """Split an `s3://` URI into bucket and key."""
    if not uri.startswith("s3://"):
        raise ValueError(f"not an S3 URI: {uri!r}")
    bucket, _, key = uri[5:].partition("/")
    return bucket, key


def keys_under(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if not found["Key"].endswith("/"):
                yield found["Key"]


def download_file(s3: Any, uri: str, target: Path) -> Path:
    bucket, key = split_uri(uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
            stream.write(chunk)
    return target


def download_prefix(s3: Any, uri: str, target: Path) -> int:
    """Download every object whose key starts with a prefix, as SageMaker does for an `S3Prefix`.

    Relative paths are kept. Return the number of objects; raise `ObjectsMissing` if there are none, and
    `OutsideFolder` for a key that would be written outside the target.
    """
    bucket, prefix = split_uri(uri)
    count = 0
    for key in keys_under(s3, bucket, prefix):
        download_file(s3, f"s3://{bucket}/{key}", inside(target, relative(key, prefix)))
        count += 1
    if not count:
        raise ObjectsMissing(uri)
    return count


def relative(key: str, prefix: str) -> str:
    """Return the path of a key relative to an `S3Prefix`."""
    if key == prefix:
        return key.rsplit("/", 1)[-1]
    if prefix.endswith("/") or not prefix:
        return key[len(prefix) :]
    if key[len(prefix)] == "/":
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


class LogStream:
    """A CloudWatch log stream, created on first use. Lines are sent in batches; `flush` at the end.

    Logs are written under the role of the process. As on AWS, one whose role may not write logs runs without them.
    """

    BATCH = 500

    def __init__(
        self, aws: Aws, group: str, stream: str, region: str | None = None, credentials: Credentials = ADMIN
    ) -> None:
        self.group, self.stream = group, stream
        self._logs = aws.client("logs", credentials, region)
        self._refused = False
        self._lock = threading.Lock()
        self._pending: list[dict[str, Any]] = []
        self._made = False

    def write(self, line: str, timestamp: float) -> None:
        with self._lock:
            # CloudWatch refuses an empty message.
            self._pending.append({"timestamp": int(timestamp * 1000), "message": line or " "})
            full = len(self._pending) >= self.BATCH
        if full:
            self.flush()

    def flush(self) -> None:
        if _offline.is_set() or self._refused:
            return
        with self._lock:
            batch, self._pending = self._pending, []
            try:
                self._send(batch)
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDeniedException":
                    raise
                self._refused = True
                LOG.warning("no logs in %s: %s", self.group, error)

    def _send(self, batch: list[dict[str, Any]]) -> None:
        if not self._made:
            # The group usually exists: checking first would need another permission.
            if not _made(lambda: self._logs.create_log_stream(logGroupName=self.group, logStreamName=self.stream)):
                _made(lambda: self._logs.create_log_group(logGroupName=self.group))
                _made(lambda: self._logs.create_log_stream(logGroupName=self.group, logStreamName=self.stream))
            self._made = True
        if batch:
            self._logs.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=batch)


def _made(create: Any) -> bool:
    """Return whether the resource exists now; false if its parent is missing."""
    try:
        create()
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
    return True


def unique(prefix: str = "") -> str:
    return f"{prefix}{uuid.uuid4().hex[:12]}"
