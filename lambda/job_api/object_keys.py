"""Where the objects of a request are. Pure. The worker function and SageMaker follow the same tree."""

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
    """What is known of a request that was taken: a request without a ticket is none."""
    return f"{INPUT}/{blueprint}/{request_id}.ticket"


def uploads_prefix(blueprint: str, folder: str) -> str:
    """Each caller has a folder of his own."""
    return f"{_uploads(blueprint)}{folder}/"


def output_key(blueprint: str, request_id: str) -> str:
    return f"{OUTPUT}/{blueprint}/{request_id}.out"


def failure_key(blueprint: str, request_id: str) -> str:
    return f"{FAILURES}/{blueprint}/{request_id}-error.out"


def key_of(uri: str, bucket: str, prefix: str) -> str | None:
    """The key in an S3 address, if it lies in this bucket below this prefix."""
    start = f"s3://{bucket}/"
    key = uri.removeprefix(start)
    return key if uri.startswith(f"{start}{prefix}/") else None


def _uploads(blueprint: str) -> str:
    return f"{INPUT}/{blueprint}/uploads/"


def uploaded_key(blueprint: str, given: str) -> str | None:
    """Return the key that a caller names as input, if it has the form of a key of an upload to this blueprint."""
    prefix = _uploads(blueprint)
    return given if given.startswith(prefix) and UPLOADED.fullmatch(given.removeprefix(prefix)) else None
