"""Verify Signature Version 4: callers must have the secret of the key that they name.

Source: "Signature Version 4 signing process" and "Authenticating requests: using query parameters" in AWS's
documentation. The hash of the body is taken from the client for S3, which may stream, and recomputed for all others.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
STAMP = "%Y%m%dT%H%M%SZ"
SKEW = timedelta(minutes=15)
"""Allowed difference between the clocks of a client and of AWS."""
LONGEST_SECONDS = 7 * 24 * 3600
"""Longest validity of a presigned URL."""
KEPT_PLAIN = "-_.~"


@dataclass(frozen=True)
class Signature:
    """The signature of a request.

    `token` is empty for long-lived keys; `expires` is the validity of a presigned URL in seconds, else `None`.
    """

    access_key_id: str
    token: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    expires: int | None = None

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


class BadSignature(Exception):
    """A signature that is not valid; `code` is AWS's name of the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)


def verify(environ: dict[str, Any], signed: Signature, secret: str, body: bytes, now: datetime | None = None) -> None:
    """Check time and signature of a request.

    Args:
        body: the request's body; ignored for S3.

    Raises:
        BadSignature: expired, of another time, or made with another secret.
    """
    _check_time(signed, now or datetime.now(UTC))
    if "host" not in signed.signed_headers:
        raise BadSignature("SignatureDoesNotMatch", "The header `host` must be signed.")
    for canonical in _canonical_requests(environ, signed, body):
        digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
        text = "\n".join((ALGORITHM, signed.stamp, signed.scope, digest))
        key = _key(secret, signed.day, signed.region, signed.service)
        if hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signed.signature):
            return
    raise BadSignature("SignatureDoesNotMatch", MISMATCH)


def _check_time(signed: Signature, now: datetime) -> None:
    try:
        made = datetime.strptime(signed.stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise BadSignature("SignatureDoesNotMatch", "X-Amz-Date must be like 20261201T000000Z.") from None
    if signed.stamp[:8] != signed.day:
        raise BadSignature("SignatureDoesNotMatch", "The day of the credential's scope is not that of X-Amz-Date.")
    if signed.expires is None:
        if abs(now - made) > SKEW:
            raise BadSignature("SignatureDoesNotMatch", f"Signature expired: {signed.stamp} is over 15 minutes off.")
        return
    if not 0 < signed.expires <= LONGEST_SECONDS:
        raise BadSignature("AccessDenied", "X-Amz-Expires must be from 1 to 604800 seconds.")
    if made > now + SKEW or now > made + timedelta(seconds=signed.expires):
        raise BadSignature("AccessDenied", "Request has expired")


def _canonical_requests(environ: dict[str, Any], signed: Signature, body: bytes) -> Iterator[str]:
    """Yield the canonical request in each form in which common clients write its path and query."""
    target = urlsplit(_target(environ))
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in signed.signed_headers)
    payload = _payload(environ, signed, body)
    for path in _paths(target.path or "/", signed.service):
        for query in _queries(target.query, signed):
            yield "\n".join((environ["REQUEST_METHOD"], path, query, headers, ";".join(signed.signed_headers), payload))


def _target(environ: dict[str, Any]) -> str:
    """Return the request's target as sent, still encoded. Two slashes at its start begin a path, not a host."""
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if not raw:
        raw = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/" + KEPT_PLAIN)
        raw += f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    return f"http://host{raw}" if raw.startswith("/") else raw


def _paths(raw: str, service: str) -> dict[str, None]:
    if service == "s3":
        return dict.fromkeys((raw, quote(unquote(raw), safe="/" + KEPT_PLAIN)))
    # All others encode the encoded path once more; some SDKs remove dot segments and empty parts first.
    return dict.fromkeys(quote(each, safe="/" + KEPT_PLAIN) for each in (raw, _without_dots(raw)))


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept) + ("/" if path.endswith("/") and kept else "")


def _queries(raw: str, signed: Signature) -> dict[str, None]:
    pairs = [part.partition("=")[::2] for part in raw.split("&") if part]
    if signed.expires is not None:
        pairs = [(name, value) for name, value in pairs if name != "X-Amz-Signature"]
    encoded = [tuple(quote(unquote(each), safe=KEPT_PLAIN) for each in pair) for pair in pairs]
    return dict.fromkeys("&".join(f"{name}={value}" for name, value in sorted(each)) for each in (pairs, encoded))


def _header(environ: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    value = str(environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", ""))
    # WSGI decodes bytes as Latin-1; clients sign the original text.
    return " ".join(value.encode("latin-1", "replace").decode("utf-8", "surrogateescape").split())


def _payload(environ: dict[str, Any], signed: Signature, body: bytes) -> str:
    if signed.expires is not None:
        return UNSIGNED
    declared = str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""))
    if signed.service == "s3" and declared:
        return declared
    computed = hashlib.sha256(body).hexdigest()
    if declared and declared not in (computed, UNSIGNED):
        raise BadSignature("SignatureDoesNotMatch", "x-amz-content-sha256 is not the hash of the body.")
    return declared or computed


@lru_cache(maxsize=1024)
def _key(secret: str, *parts: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*parts, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
