"""Reading JSON documents and listings from the data bucket."""

from __future__ import annotations

from typing import Any

from inference_common.json_input import loads


class Bucket:
    """The few reads that the pipeline's functions need."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return body

    def read_json(self, key: str) -> Any:
        return loads(self.read(key))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Size by key of every non-empty object under a prefix (an empty one is a folder's placeholder)."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        objects = (item for page in pages for item in page.get("Contents", []))
        return {item["Key"]: item["Size"] for item in objects if item["Size"]}
