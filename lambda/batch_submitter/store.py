"""Access the data bucket: write-once objects, and streams that need not fit into memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from botocore.exceptions import ClientError

from inference_common.errors import BadRequest, Unavailable
from inference_common.json_input import loads
from inference_common.json_output import dumps

CHUNK = 1024 * 1024
PART = 8 * 1024 * 1024
MISSING = ("NoSuchKey", "404", "NotFound")
CHANGED = ("PreconditionFailed", "412")
ATTEMPTS = 3


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


class Store:
    def __init__(self, client: Any, bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put_once(self, key: str, document: Any) -> bool:
        """Create a document; return False if it exists. Concurrent invocations agree through this."""
        body = dumps(document, sort_keys=True).encode()
        for _ in range(ATTEMPTS):
            try:
                self.client.put_object(
                    Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*", ContentType="application/json"
                )
            except ClientError as error:
                if code_of(error) in CHANGED:
                    return False
                # With two concurrent writes S3 may reject both and ask to retry.
                if code_of(error) not in ("ConditionalRequestConflict", "409"):
                    raise
            else:
                return True
        raise Unavailable(f"{key} is being written concurrently")

    def read_json(self, key: str) -> Any | None:
        """Return a document, or None if it does not exist."""
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise
        try:
            return loads(body)
        except ValueError:
            # Documents are written whole, so an unparsable one was cut off in transit.
            raise Unavailable(f"{key} cannot be read") from None

    def head(self, key: str) -> dict[str, Any] | None:
        """Return size and ETag, or None if the object does not exist."""
        try:
            head: dict[str, Any] = self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise
        return head

    def listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            yield from page.get("Contents", [])

    def get(self, key: str, etag: str | None = None, **more: str) -> Any:
        """Return the response of GetObject. Raises `BadRequest` if the object's ETag differs."""
        if etag is None:
            return self.client.get_object(Bucket=self.bucket, Key=key, **more)
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key, IfMatch=etag, **more)
        except ClientError as error:
            if code_of(error) in (*MISSING, *CHANGED):
                # Retrying would not help.
                raise BadRequest("the object is not what it was when the request was made", "input") from error
            raise

    def chunks(self, key: str, etag: str | None = None) -> Iterator[bytes]:
        """Yield an object in chunks. With an `etag`, the object must be unchanged."""
        body = self.get(key, etag)["Body"]
        while chunk := body.read(CHUNK):
            yield chunk

    def lines(self, key: str) -> Iterator[bytes]:
        """Yield the lines of an object that the platform or a model wrote, without line ends; only \\n ends one."""
        rest = b""
        for chunk in self.chunks(key):
            first, *others = (rest + chunk).split(b"\n")
            if not others:
                rest = first
                continue
            yield first
            yield from others[:-1]
            rest = others[-1]
        if rest:
            yield rest


class Upload:
    """Writes an object of any size line by line; a failure leaves nothing behind."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self._buffer = bytearray()
        self._id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, document: Any) -> None:
        self.write_line(dumps(document).encode())

    def write_line(self, line: bytes) -> None:
        self._buffer += line + b"\n"
        if len(self._buffer) >= PART:
            self._flush()

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        client, where = self._store.client, {"Bucket": self._store.bucket, "Key": self._key}
        if error is not None:
            if self._id:
                client.abort_multipart_upload(**where, UploadId=self._id)
        elif self._id is None:
            client.put_object(**where, Body=bytes(self._buffer), ContentType="application/jsonlines")
        else:
            if self._buffer:
                self._flush()
            client.complete_multipart_upload(**where, UploadId=self._id, MultipartUpload={"Parts": self._parts})

    def _flush(self) -> None:
        client, where = self._store.client, {"Bucket": self._store.bucket, "Key": self._key}
        if self._id is None:
            self._id = client.create_multipart_upload(**where, ContentType="application/jsonlines")["UploadId"]
        number = len(self._parts) + 1
        answer = client.upload_part(**where, UploadId=self._id, PartNumber=number, Body=bytes(self._buffer))
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._buffer.clear()


class Seekable(io.RawIOBase):
    """An object as a seekable file, since Parquet has its metadata at the end."""

    def __init__(self, store: Store, key: str, etag: str, size: int) -> None:
        self._get: Callable[[str], Any] = lambda span: store.get(key, etag, Range=span)
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, target: Any) -> int:
        end = min(self._at + len(target), self._size)
        if end <= self._at:
            return 0
        content: bytes = self._get(f"bytes={self._at}-{end - 1}")["Body"].read()
        target[: len(content)] = content
        self._at += len(content)
        return len(content)
