"""Post a signed notification to the blueprint's webhook.

    x-webhook-timestamp: 1767225600
    x-webhook-signature: v1=<HMAC-SHA256 of "<timestamp>.<body>", hex>

The receiver computes the same signature with its copy of the key, compares in constant time and refuses old timestamps,
so that a recorded request cannot be replayed. `x-request-id` identifies repeated deliveries.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from async_callback.addresses import is_public
from inference_common.json_output import dumps

SECONDS = 5.0
TRANSIENT = {408, 425, 429}


class Undelivered(Exception):
    """The webhook did not accept a notification; `transient` failures may be retried."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    return "v1=" + hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def headers(secret: bytes, timestamp: int, body: bytes, request_id: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-request-id": request_id,
        "x-webhook-timestamp": str(timestamp),
        "x-webhook-signature": signature(secret, timestamp, body),
    }


def address_of(host: str, port: int, loopback: bool) -> str:
    """Resolve the host once and return a public address of it, so that the checked address is the one called."""
    try:
        addresses = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise Undelivered(f"the webhook's host cannot be resolved: {error}", transient=True) from error
    for address in sorted(addresses):
        if not _allowed(ipaddress.ip_address(address), loopback):
            raise Undelivered(f"the webhook's host leads to {address}, which is not in the internet", transient=False)
    return sorted(addresses)[0]


def _allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address, loopback: bool) -> bool:
    return (loopback and address.is_loopback) or is_public(address)


def post(url: str, body: bytes, signed_headers: Mapping[str, str], *, loopback: bool) -> None:
    """Make one attempt. Redirects are failures, since they could lead anywhere."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if not secure and not loopback:
        raise Undelivered("the webhook is not https", transient=False)
    host, port = str(parts.hostname), parts.port or (443 if secure else 80)
    connection = _connection(host, port, address_of(host, port, loopback), secure)
    try:
        connection.request("POST", _path(parts), body=body, headers=dict(signed_headers))
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise Undelivered(f"the webhook cannot be reached: {type(error).__name__}", transient=True) from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise Undelivered(f"the webhook answered {status}", transient=status >= 500 or status in TRANSIENT)


def _path(parts: Any) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _connection(host: str, port: int, address: str, secure: bool) -> HTTPConnection:
    """Connect to the checked address, but verify the certificate against the host name."""
    made: HTTPConnection = (HTTPSConnection if secure else HTTPConnection)(host, port, timeout=SECONDS)
    made._create_connection = lambda _, *args, **more: socket.create_connection((address, port), *args, **more)  # type: ignore[attr-defined]
    return made


def deliver(
    document: Mapping[str, Any],
    send: Callable[[bytes, Mapping[str, str]], None],
    secret: bytes,
    attempts: int,
    first_pause: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> int:
    """Retry transient failures with doubling pauses, signing each attempt; return the number of attempts."""
    body = dumps(document).encode()
    for attempt in range(1, attempts + 1):
        try:
            send(body, headers(secret, int(clock()), body, str(document["request_id"])))
        except Undelivered as error:
            if not error.transient or attempt == attempts:
                raise
            pause(first_pause * 2 ** (attempt - 1))
        else:
            return attempt
    raise AssertionError("unreachable")
