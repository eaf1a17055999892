"""Harden AWS clients, and read documents and listings of the data bucket.

S3 clients use buckets of this account only, and all clients check that responses are complete.
"""

from __future__ import annotations

import os
from typing import Any

from inference_common import settings
from inference_common.json_input import loads
from inference_common.service_answers import expect_whole_answers

OWNER_MEMBERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")


def expect_own_buckets(client: Any) -> Any:
    """Make an S3 client send the expected bucket owner with every request; return the client.

    Bucket names are global and can be guessed; with an expected owner S3 answers 403 for foreign buckets. All clients
    are created through this function, so that none is forgotten. A call that names another owner keeps it. Presigned
    URLs carry no expected owner, since their users would have to send the header too.
    """
    expect_whole_answers(client)
    if client.meta.service_model.service_name != "s3":
        return client
    account_id = settings.text(os.environ, "ACCOUNT_ID")

    def add(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if context.get("is_presign_request") or model.input_shape is None:
            return
        for member in OWNER_MEMBERS:
            if member in model.input_shape.members and member not in params:
                params[member] = account_id

    client.meta.events.register("before-parameter-build.s3", add)
    return client


class Bucket:
    """Reads from the bucket for the pipeline's functions."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return body

    def read_json(self, key: str) -> Any:
        return loads(self.read(key))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Return the sizes of all non-empty objects under a prefix (empty ones are folder placeholders)."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        objects = (item for page in pages for item in page.get("Contents", []))
        return {item["Key"]: item["Size"] for item in objects if item["Size"]}
