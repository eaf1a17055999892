"""The only part of the router that knows AWS. boto3 never retries here: the router's own order of targets does."""

from __future__ import annotations

from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

FIDELITY_HEADER = "x-emulator-fidelity"


_CLIENTS: dict[tuple[str, int], Any] = {}
_MAKING = Lock()  # boto3's default session must not be used by two threads at once


def client(service: str, timeout_seconds: int) -> Any:
    """A client whose calls end within the timeout. botocore fixes timeouts per client, hence one per second."""
    with _MAKING:
        key = (service, timeout_seconds)
        if key not in _CLIENTS:
            _CLIENTS[key] = make_client(service, timeout_seconds)
        return _CLIENTS[key]


def make_client(service: str, timeout_seconds: int) -> Any:
    config = Config(
        connect_timeout=min(2, timeout_seconds),
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": 1},
        max_pool_connections=16,
    )
    return boto3.client(service, config=config)


def fidelity_of(response: dict[str, Any]) -> str | None:
    """How real the backend's answer is, if it says so."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    value: str | None = headers.get(FIDELITY_HEADER)
    return value
