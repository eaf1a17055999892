"""The only part of the router that knows AWS. botocore never retries here: `retry.py` is the one layer that does.

Clients are botocore's own: boto3 would hand out the same ones, and load S3's transfer manager with every cold start.
One client per service: botocore fixes timeouts per client, and making one takes longer than a request may. A
call's own limit is the deadline, kept by `race.within`; the client's are what ends a call that nobody awaits.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import Session

from inference_common.s3 import expect_own_buckets

FIDELITY_HEADER = "x-emulator-fidelity"
CONNECT_SECONDS = 2
READ_SECONDS = 60  # a container may take that long; API Gateway gives up before


_SESSION = Session()
_CLIENTS: dict[str, Any] = {}
_MAKING = Lock()  # a session must not be used by two threads at once


def client(service: str) -> Any:
    """The service's client, made when it is first needed."""
    found = _CLIENTS.get(service)
    if found is not None:
        return found
    with _MAKING:
        if service not in _CLIENTS:
            _CLIENTS[service] = make_client(service)
        return _CLIENTS[service]


def make_client(service: str) -> Any:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
        max_pool_connections=16,
    )
    return expect_own_buckets(_SESSION.create_client(service, config=config))


def fidelity_of(response: dict[str, Any]) -> str | None:
    """How real the backend's answer is, if it says so."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    value: str | None = headers.get(FIDELITY_HEADER)
    return value
