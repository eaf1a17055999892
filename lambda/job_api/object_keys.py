"""Build the S3 keys of a request. The worker function and SageMaker use the same layout. Pure."""

from __future__ import annotations

import re

INPUT = "inference/async/input"
OUTPUT = "inference/async/output"
FAILURES = "inference/async/failures"
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UPLOADED = re.compile(r"[0-9a-f]{16}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json")


def input_key(blueprint: str, request_id: str) -> str:
    return f"{INPUT}/{blueprint}/{request_id}.json"


def ticket_key(blueprint: str, request_id: str) -> str:
    """Return the key of the ticket, which every accepted request has."""
    return f"{INPUT}/{blueprint}/{request_id}.ticket"


def uploads_prefix(blueprint: str, folder: str) -> str:
    """Return the prefix of a caller's uploads; each caller has its own."""
    return f"{_uploads(blueprint)}{folder}/"


def output_key(blueprint: str, request_id: str) -> str:
    return f"{OUTPUT}/{blueprint}/{request_id}.out"


def failure_key(blueprint: str, request_id: str) -> str:
    return f"{FAILURES}/{blueprint}/{request_id}-error.out"


def key_of(uri: str, bucket: str, prefix: str) -> str | None:
    """Return the key in an S3 URI, if it is in this bucket below this prefix."""
    start = f"s3://{bucket}/"
    key = uri.removeprefix(start)
    return key if uri.startswith(f"{start}{prefix}/") else None


def _uploads(blueprint: str) -> str:
    return f"{INPUT}/{blueprint}/uploads/"


def uploaded_key(blueprint: str, given: str, bucket: str) -> str | None:
    """Return the key that a caller names, alone or as an S3 URI, if it has the form of an upload to this blueprint."""
    key, prefix = given.removeprefix(f"s3://{bucket}/"), _uploads(blueprint)
    return key if key.startswith(prefix) and UPLOADED.fullmatch(key.removeprefix(prefix)) else None
