"""AWS clients for tests of `inference_routing.clients`: fakes, and stubs whose responses botocore parses."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
from botocore.response import StreamingBody
from botocore.stub import Stubber

from inference_routing import clients

KEYS: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


def use_client(service: str, client: Any) -> None:
    """Make `client` the one that all modules get for this service; the next test starts without it."""
    clients._CLIENTS[service] = client


def stub(service: str) -> Stubber:
    """Make a client of this service whose responses the test supplies."""
    client = boto3.client(service, **KEYS)
    use_client(service, client)
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def body(document: Any) -> StreamingBody:
    raw = json.dumps(document).encode()
    return StreamingBody(io.BytesIO(raw), len(raw))
