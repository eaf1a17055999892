"""Access SSM and DynamoDB, the only AWS services that the callback calls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})


class Secrets:
    """The signing key, read on first use and kept for the lifetime of the execution environment."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def value(self) -> bytes:
        parameter = boto3.client("ssm", config=PATIENCE).get_parameter(Name=self._name, WithDecryption=True)
        return str(parameter["Parameter"]["Value"]).encode()


class Table:
    """The table of finished requests, by request id."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _client(self) -> Any:
        return boto3.client("dynamodb", config=PATIENCE)

    def put(self, document: Mapping[str, Any], expires_at: int) -> None:
        """Write one item; a repeated notification overwrites its own item."""
        item = {name: {"S": str(value)} for name, value in document.items()}
        self._client.put_item(TableName=self._name, Item={**item, "expires_at": {"N": str(expires_at)}})
