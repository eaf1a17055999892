"""Plain HTTP to a server on this machine, without proxies, TLS, redirects and their imports."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from orchestrator.core.environment import require_loopback

NoAnswer = (OSError, http.client.HTTPException)
"""The exceptions of `request` without a response, or with one that is not HTTP."""


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout: float
) -> tuple[int, dict[str, str], bytes]:
    """Send a request and return status, lower-case headers and body. Raises `ConfigError` for any other machine.

    Args:
        timeout: seconds without a byte from the server.
    """
    parts = urlsplit(require_loopback(url))
    target = parts.path or "/"
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=timeout)
    try:
        connection.request(
            method, f"{target}?{parts.query}" if parts.query else target, body=body or None, headers=dict(headers or {})
        )
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()
