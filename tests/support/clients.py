"""AWS clients of one session: it reads each service's model once, which takes longer than most questions."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from tests.support import keys

APP = "platform-tests"
"""In the user agent, so that the local AWS can tell tests from the platform."""

_LOCK = threading.Lock()  # sessions are not made for threads


@cache
def _session() -> boto3.session.Session:
    return boto3.session.Session()


def client(service: str, endpoint: str, **options: Any) -> Any:
    """Without retries, so that failures show at once; the account's own key, unless `options` has another one.

    Options that `boto3.client` does not take go to its `Config`.
    """
    if "aws_access_key_id" not in options:
        options["aws_access_key_id"], options["aws_secret_access_key"] = keys.of(endpoint)
    made: dict[str, Any] = {
        "region_name": options.pop("region_name", "us-east-1"),
        "aws_access_key_id": options.pop("aws_access_key_id"),
        "aws_secret_access_key": options.pop("aws_secret_access_key"),
        "aws_session_token": options.pop("aws_session_token", None),
    }
    config: dict[str, Any] = {
        "retries": {"max_attempts": 0},
        "proxies": {},
        "s3": {"addressing_style": "path"},
        "user_agent_appid": APP,
    } | options
    with _LOCK:
        return _session().client(service, endpoint_url=endpoint, config=Config(**config), **made)
