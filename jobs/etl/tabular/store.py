"""Where objects are: a bucket, or a folder with the same tree."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from tabular.errors import EtlError

CHUNK_BYTES = 1 << 20
DELETED_AT_ONCE = 1000
OWNER_MEMBERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


def expect_owner(s3: Any, owner: str) -> Any:
    """Return the client, which from now on names the bucket's owner in every request that takes it."""

    def add(params: dict[str, Any], model: Any, **_: Any) -> None:
        for member in OWNER_MEMBERS:
            if model.input_shape is not None and member in model.input_shape.members:
                params.setdefault(member, owner)

    s3.meta.events.register("before-parameter-build.s3", add)
    return s3


class S3Store:
    """A bucket. No encryption arguments: naming `aws:kms` without a key would override the bucket's.

    Sent to Spark's executors, each of which creates its own client. `owner`: the account that the bucket must
    belong to; S3 refuses requests for a bucket of another one, whatever its name.
    """

    def __init__(self, bucket: str, owner: str) -> None:
        self._bucket = bucket
        self._owner = owner
        self._client: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_bucket": self._bucket, "_owner": self._owner, "_client": None}

    @property
    def client(self) -> Any:
        if self._client is None:
            import boto3

            self._client = expect_owner(boto3.client("s3"), self._owner)
        return self._client

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def sizes(self, prefix: str) -> dict[str, int]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    def head(self, key: str, size: int) -> bytes:
        return self.part(key, 0, size)

    def part(self, key: str, start: int, end: int) -> bytes:
        body: bytes = self._body(key, Range=f"bytes={start}-{end - 1}").read()
        return body

    def chunks(self, key: str, start: int = 0) -> Iterator[bytes]:
        body = self._body(key, **({"Range": f"bytes={start}-"} if start else {}))
        while chunk := body.read(CHUNK_BYTES):
            yield chunk

    def open(self, key: str, size: int) -> IO[bytes]:
        """Return the object as a file to seek in."""
        return io.BufferedReader(ObjectFile(self, key, size), CHUNK_BYTES)

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def put_file(self, key: str, path: Path) -> None:
        self.client.upload_file(str(path), self._bucket, key)

    def delete(self, keys: Iterable[str]) -> None:
        ordered = sorted(keys)
        for start in range(0, len(ordered), DELETED_AT_ONCE):
            batch = [{"Key": key} for key in ordered[start : start + DELETED_AT_ONCE]]
            answer = self.client.delete_objects(Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True})
            for error in answer.get("Errors", []):
                raise EtlError(f"old object '{error['Key']}' cannot be deleted: {error['Code']}")

    def _body(self, key: str, **options: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self.client.get_object(Bucket=self._bucket, Key=key, **options)["Body"]
        except ClientError as error:
            raise EtlError(f"object '{key}' cannot be read: {error.response['Error']['Code']}") from error


class ObjectFile(io.RawIOBase):
    """An object of a bucket as a file: a request for each read."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        super().__init__()
        self._store, self._key, self._size, self._at = store, key, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, origin: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[origin]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self._size - self._at)
        if count <= 0:
            return 0
        content = self._store.part(self._key, self._at, self._at + count)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


class FolderStore:
    """A folder with the bucket's tree."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def uri(self, key: str) -> str:
        return f"file://{self._folder / key}"

    def sizes(self, prefix: str) -> dict[str, int]:
        files = [path for path in (self._folder / prefix).rglob("*") if path.is_file()]
        return {path.relative_to(self._folder).as_posix(): path.stat().st_size for path in files}

    def head(self, key: str, size: int) -> bytes:
        try:
            with (self._folder / key).open("rb") as file:
                return file.read(size)
        except OSError as error:
            raise EtlError(f"object '{key}' cannot be read: {error.strerror}") from error

    def chunks(self, key: str, start: int = 0) -> Iterator[bytes]:
        with (self._folder / key).open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def open(self, key: str, size: int) -> IO[bytes]:
        return (self._folder / key).open("rb")

    def put(self, key: str, content: bytes) -> None:
        self._made(key).write_bytes(content)

    def put_file(self, key: str, path: Path) -> None:
        shutil.copyfile(path, self._made(key))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self._folder / key).unlink()

    def _made(self, key: str) -> Path:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
