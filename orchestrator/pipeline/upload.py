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
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".gz": "application/gzip",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".parquet": "application/vnd.apache.parquet",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_ABOUT = ("licence", "license", "notice", "readme")
"""Beginnings of the names of files about the data."""


def upload(cloud: Cloud, bucket: str, folder: Path, name: str, on_event: EventSink) -> int:
    """Upload the changed files of `folder` to `data/raw/<name>/`.

    Returns the number of uploaded files. Hidden files and those about the data, such as its licence, are skipped; of a
    folder with partitions (`source=<name>/…`), so is everything outside of them.
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
            kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
            s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind, Metadata={_HASH: digest})
        sent += 1
        on_event({"type": "upload", "@message": f"uploaded {key} ({len(content)} bytes)"})
    if not sent:
        on_event({"type": "upload", "@message": f"sample data unchanged ({len(files)} files)"})
    return sent


def _files(folder: Path) -> Iterator[Path]:
    partitions = [path for path in folder.glob("*=*") if path.is_dir()]
    for path in (path for root in partitions or [folder] for path in root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and not path.name.lower().startswith(_ABOUT):
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
