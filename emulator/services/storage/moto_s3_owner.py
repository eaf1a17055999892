"""S3: `x-amz-expected-bucket-owner`, which moto ignores, and the requests that lack it."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import unquote

from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from emulator.core.settings import OWN_APP, Settings
from emulator.moto.patching import wrap

KIND = "s3-without-owner"
HEADER, SOURCE_HEADER = "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"
COPY_SOURCE = "x-amz-copy-source"
PRESIGNED = ("X-Amz-Signature", "Signature")
"""Query arguments of presigned requests, whose headers their users choose."""
CAPACITY = 10_000


class Unnamed:
    """Distinct requests for existing buckets that named no owner. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, str], None] = {}

    def note(self, user_agent: str, method: str, path: str) -> None:
        with self._lock:
            if len(self._requests) < CAPACITY:
                self._requests[user_agent, method, path] = None

    def query(self) -> list[dict[str, str]]:
        with self._lock:
            requests = list(self._requests)
        return [
            {"kind": KIND, "user_agent": agent, "method": method, "path": path}
            for agent, method, path in requests
            if f"app/{OWN_APP}" not in agent
        ]


STORE = Unnamed()
"""The requests of this process."""


def apply(settings: Settings) -> None:
    _compare_before("_bucket_response", after="emulator.services.storage.moto_s3")
    _compare_before("_key_response")


def _compare_before(name: str, after: str | None = None) -> None:
    """Answer 403 if a request expects another owner than the bucket has, as S3 does."""

    @wrap(S3Response, name, after=after)
    def response(original: Any, self: Any, request: Any, full_url: str) -> Any:
        _compare(self.bucket_name, request)
        return original(self, request, full_url)


def _compare(bucket: str, request: Any) -> None:
    source = unquote(request.headers.get(COPY_SOURCE, "")).lstrip("/").partition("/")[0]
    for name, header in ((bucket, HEADER), (source, SOURCE_HEADER)):
        owner, expected = owner_of(name), request.headers.get(header)
        if not owner:
            continue  # no such bucket, hence no owner: the answer is 404, or this request creates it
        if expected is None:
            if not any(argument in request.args for argument in PRESIGNED):
                STORE.note(request.headers.get("User-Agent", ""), request.method, request.path)
        elif expected != owner:
            raise S3ClientError("AccessDenied", "Access Denied")


def owner_of(bucket: str) -> str:
    """Return the account that owns a bucket; empty if there is no such bucket."""
    account = s3_backends.bucket_accounts.get(bucket)
    return account[1] if account else ""
