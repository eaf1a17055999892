"""S3: `x-amz-expected-bucket-owner`, which moto does not look at, and requests that come without it."""

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
"""Query arguments of presigned requests, whose headers are their users' own."""
CAPACITY = 10_000


class Unnamed:
    """Different requests for existing buckets that named no owner. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str, str], None] = {}

    def note(self, user_agent: str, method: str, path: str) -> None:
        with self._lock:
            if len(self._found) < CAPACITY:
                self._found[user_agent, method, path] = None

    def query(self) -> list[dict[str, str]]:
        with self._lock:
            found = list(self._found)
        return [
            {"kind": KIND, "user_agent": agent, "method": method, "path": path}
            for agent, method, path in found
            if f"app/{OWN_APP}" not in agent
        ]


STORE = Unnamed()
"""The one of this process."""


def apply(settings: Settings) -> None:
    for name in ("_bucket_response", "_key_response"):
        _compare_before(name)


def _compare_before(name: str) -> None:
    """S3 answers 403 to whoever expects another owner than the bucket has."""

    @wrap(S3Response, name)
    def response(original: Any, self: Any, request: Any, full_url: str) -> Any:
        _compare(self.bucket_name, request)
        return original(self, request, full_url)


def _compare(bucket: str, request: Any) -> None:
    source = unquote(request.headers.get(COPY_SOURCE, "")).lstrip("/").partition("/")[0]
    for name, header in ((bucket, HEADER), (source, SOURCE_HEADER)):
        owner, expected = owner_of(name), request.headers.get(header)
        if not owner:
            continue  # there is no such bucket, so nothing of anybody's: the answer is 404, or the bucket is made now
        if expected is None:
            if not any(argument in request.args for argument in PRESIGNED):
                STORE.note(request.headers.get("User-Agent", ""), request.method, request.path)
        elif expected != owner:
            raise S3ClientError("AccessDenied", "Access Denied")


def owner_of(bucket: str) -> str:
    """Account that a bucket belongs to; empty where there is no such bucket."""
    found = s3_backends.bucket_accounts.get(bucket)
    return found[1] if found else ""
