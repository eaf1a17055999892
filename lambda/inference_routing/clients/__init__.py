"""Call AWS. botocore never retries here: `retry.py` is the only layer that does.

Clients come from botocore, since boto3 would also load S3's transfer manager at every cold start. There is one client
per service, because creating one takes too long for a request. `timeouts.within` enforces the deadline of each call;
the client's own timeouts end calls that are no longer awaited.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import Session

from inference_common.s3 import expect_own_buckets

FIDELITY_HEADER = "x-emulator-fidelity"
CONNECT_SECONDS = 2
READ_SECONDS = 60  # the longest that a container may take; API Gateway gives up earlier


_SESSION = Session()
_CLIENTS: dict[str, Any] = {}
_MAKING = Lock()  # sessions are not thread-safe


def client(service: str) -> Any:
    """Return the client of a service, creating it on first use."""
    existing = _CLIENTS.get(service)
    if existing is not None:
        return existing
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
    """Return the fidelity of the response, if the backend reports one."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    value: str | None = headers.get(FIDELITY_HEADER)
    return value
