"""Read key records from SSM Parameter Store."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

# The caller waits: two quick attempts instead of botocore's default of a minute.
PATIENCE = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})


class ParameterStore:
    """Reads `<prefix>/<key name>`: encrypted parameters that hold hashes, never key values."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    @cached_property
    def _client(self) -> Any:
        return boto3.client("ssm", config=PATIENCE)

    def read(self) -> dict[str, str]:
        records = {}
        pages = self._client.get_paginator("get_parameters_by_path")
        for page in pages.paginate(Path=self._prefix, Recursive=False, WithDecryption=True):
            for parameter in page["Parameters"]:
                records[parameter["Name"].removeprefix(f"{self._prefix}/")] = parameter["Value"]
        return records
