"""An in-memory S3 bucket, and scripted batch job services."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

BUCKET = "data"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def error(code: str, operation: str = "Operation", message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)


class Bucket:
    """Objects by key, with conditional reads and writes, ranges, listings and multipart uploads."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, list[bytes]] = {}
        self.largest_read = 0

    def put(self, key: str, lines: list[Any] | bytes) -> None:
        body = lines if isinstance(lines, bytes) else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        self.objects[key] = body

    def lines(self, key: str) -> list[Any]:
        return [json.loads(line) for line in self.objects[key].splitlines()]

    def below(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def etag(self, key: str) -> str:
        return f'"{hashlib.md5(self.objects[key], usedforsecurity=False).hexdigest()}"'

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "", **_: Any) -> dict[str, Any]:
        assert Bucket == BUCKET
        if IfNoneMatch == "*" and Key in self.objects:
            raise error("PreconditionFailed")
        self.objects[Key] = Body
        return {"ETag": self.etag(Key)}

    def get_object(self, *, Bucket: str, Key: str, IfMatch: str = "", Range: str = "") -> dict[str, Any]:
        if Key not in self.objects:
            raise error("NoSuchKey")
        if IfMatch and IfMatch != self.etag(Key):
            raise error("PreconditionFailed")
        body = self.objects[Key]
        if Range:
            first, last = Range.removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
            self.largest_read = max(self.largest_read, len(body))
        return {"Body": io.BytesIO(body)}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise error("404")
        return {"ETag": self.etag(Key), "ContentLength": len(self.objects[Key])}

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        listed = self.below(Prefix)
        return [
            {"Contents": [{"Key": key, "Size": len(self.objects[key]), "ETag": self.etag(key)} for key in half]}
            for half in (listed[:1], listed[1:])
        ]

    def create_multipart_upload(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        self.uploads[Key] = []
        return {"UploadId": Key}

    def upload_part(self, *, Key: str, Body: bytes, PartNumber: int, **_: Any) -> dict[str, Any]:
        assert PartNumber == len(self.uploads[Key]) + 1
        self.uploads[Key].append(Body)
        return {"ETag": str(PartNumber)}

    def complete_multipart_upload(self, *, Key: str, MultipartUpload: Any, **_: Any) -> None:
        assert len(MultipartUpload["Parts"]) == len(self.uploads[Key])
        self.objects[Key] = b"".join(self.uploads.pop(Key))

    def abort_multipart_upload(self, *, Key: str, **_: Any) -> None:
        del self.uploads[Key]


class SageMaker:
    """Transform jobs that run on request. `model` returns one line per line."""

    def __init__(self, bucket: Bucket, model: Callable[[Any], Any]) -> None:
        self.bucket = bucket
        self.model = model
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refuse: ClientError | None = None
        self.raw: bytes | None = None
        """The output of every file, for containers that do not return JSON Lines."""

    def create_transform_job(self, **requested: Any) -> dict[str, Any]:
        if self.refuse:
            raise self.refuse
        if requested["TransformJobName"] in self.jobs:
            raise error("ResourceInUse")
        self.jobs[requested["TransformJobName"]] = {"asked": requested, "TransformJobStatus": "InProgress"}
        return {"TransformJobArn": "arn"}

    def describe_transform_job(self, *, TransformJobName: str) -> dict[str, Any]:
        return self.jobs[TransformJobName]

    def run(self, name: str, *, bad_files: tuple[str, ...] = ()) -> None:
        job = self.jobs[name]
        folder = job["asked"]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
        output = job["asked"]["TransformOutput"]["S3OutputPath"].removeprefix(f"s3://{BUCKET}/")
        for key in self.bucket.below(folder):
            file = key.rsplit("/", 1)[-1]
            if file not in bad_files:
                lines = [self.model(line) for line in self.bucket.lines(key)] if self.raw is None else self.raw
                self.bucket.put(f"{output}{file}.out", lines)
        job["TransformJobStatus"] = "Failed" if bad_files else "Completed"
        job["FailureReason"] = "a file could not be processed" if bad_files else ""
        job |= {"TransformStartTime": STARTED, "TransformEndTime": STARTED + timedelta(seconds=120)}


class Bedrock:
    """Model invocation jobs; their answers are unordered."""

    def __init__(self, bucket: Bucket, model: Callable[[str, Any], Any]) -> None:
        self.bucket = bucket
        self.model = model
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.refuse: dict[int, ClientError] = {}

    def create_model_invocation_job(self, **requested: Any) -> dict[str, Any]:
        if requested["clientRequestToken"] in self.tokens:
            return {"jobArn": self.tokens[requested["clientRequestToken"]]}
        if len(self.jobs) in self.refuse:
            raise self.refuse.pop(len(self.jobs))
        arn = f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/job{len(self.jobs):08d}"
        self.tokens[requested["clientRequestToken"]] = arn
        self.jobs[arn] = {"asked": requested, "status": "InProgress"}
        return {"jobArn": arn}

    def get_model_invocation_job(self, *, jobIdentifier: str) -> dict[str, Any]:
        return self.jobs[jobIdentifier]

    def named(self, index: int) -> str:
        return str(list(self.jobs.values())[index]["asked"]["jobName"])

    def run(self, index: int, *, status: str = "Completed", message: str = "") -> str:
        arn = list(self.jobs)[index]
        job = self.jobs[arn]
        requested = job["asked"]
        key = requested["inputDataConfig"]["s3InputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        output = requested["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        if status in ("Completed", "PartiallyCompleted"):
            answers = [
                {"recordId": line["recordId"], "modelInput": line["modelInput"], **self.model(line["recordId"], line)}
                for line in reversed(self.bucket.lines(key))
            ]
            folder = f"{output}{arn.rsplit('/', 1)[-1]}"
            self.bucket.put(f"{folder}/{key.rsplit('/', 1)[-1]}.out", answers)
        job |= {"status": status, "message": message, "submitTime": STARTED, "endTime": STARTED + timedelta(hours=1)}
        return str(requested["jobName"])
