"""Upload sample data to the raw prefix of the data bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.aws.client import error_code, explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink
from orchestrator.errors import PlatformError

_HASH = "sha256"
"""The metadata key of the hash. An ETag is not usable: with KMS encryption it is not the hash of the content."""


def upload(cloud: Cloud, bucket: str, folder: Path, name: str, on_event: EventSink) -> int:
    """Upload the changed files of the partitions below `folder` (`source=<name>/…`) to `data/raw/<name>/`.

    Returns the number of uploaded files. Files outside of partitions, such as the data's licence, are skipped.
    """
    files = sorted(_files(folder))
    if not files:
        raise PlatformError(f"there is no data in {folder}", hint="Run `make setup`, which fetches the sample data.")
    s3 = cloud.client("s3")
    sent = 0
    for path in files:
        key = f"data/raw/{name}/{path.relative_to(folder).as_posix()}"
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if _stored_hash(cloud, s3, bucket, key) == digest:
            continue
        with explained(cloud, f"upload s3://{bucket}/{key}"):
            s3.put_object(
                Bucket=bucket, Key=key, Body=content, ContentType="text/plain; charset=utf-8", Metadata={_HASH: digest}
            )
        sent += 1
        on_event({"type": "upload", "@message": f"uploaded {key} ({len(content)} bytes)"})
    if not sent:
        on_event({"type": "upload", "@message": f"sample data unchanged ({len(files)} files)"})
    return sent


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.glob("source=*/**/*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _stored_hash(cloud: Cloud, s3: Any, bucket: str, key: str) -> str | None:
    try:
        with explained(cloud, f"look up s3://{bucket}/{key}"):
            head = s3.head_object(Bucket=bucket, Key=key)
    except PlatformError as error:
        if error_code(error.__cause__) in ("404", "NoSuchKey", "NotFound"):
            return None
        raise
    stored = head.get("Metadata", {}).get(_HASH)
    return str(stored) if stored else None
