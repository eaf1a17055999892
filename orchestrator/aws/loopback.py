"""Plain HTTP to a server on this machine: no proxy, no TLS, no redirects, and nothing imported for these."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from orchestrator.core.environment import require_loopback

NoAnswer = (OSError, http.client.HTTPException)
"""What `request` raises when nobody answers, or not in HTTP."""


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout: float
) -> tuple[int, dict[str, str], bytes]:
    """Status, lower-case headers, body. Raises `ConfigError` for any other machine.

    Args:
        timeout: seconds that the server may be silent.
    """
    parts = urlsplit(require_loopback(url))
    target = parts.path or "/"
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=timeout)
    try:
        connection.request(
            method, f"{target}?{parts.query}" if parts.query else target, body=body or None, headers=dict(headers or {})
        )
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()
