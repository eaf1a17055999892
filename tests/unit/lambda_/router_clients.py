"""Clients of the router whose answers botocore parses, without a service (Stubber)."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
from botocore.response import StreamingBody
from botocore.stub import Stubber

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


def stub(router: Any, module: Any, service: str) -> Stubber:
    """Puts a stubbed client where the module gets its clients from."""
    client = boto3.client(service, **KEYS)
    module.client = lambda name: client if name == service else None
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def body(document: Any) -> StreamingBody:
    raw = json.dumps(document).encode()
    return StreamingBody(io.BytesIO(raw), len(raw))
