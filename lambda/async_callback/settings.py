"""Settings of the callback function."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    blueprint: str
    webhook_url: str
    """From the blueprint file; empty without a webhook."""
    secret_parameter: str
    """Name of the encrypted parameter that holds the signing key."""
    table_name: str
    keep_days: int
    attempts: int
    first_pause_seconds: float
    loopback: bool
    """Whether the webhook may be on this machine: only when AWS is emulated on it."""
    metrics_namespace: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        owner = "-".join(part for part in (environ.get("PROJECT"), environ.get("ENVIRONMENT")) if part) or "platform"
        webhook_url = environ.get("WEBHOOK_URL", "")
        return cls(
            blueprint=settings.text(environ, "BLUEPRINT"),
            webhook_url=webhook_url,
            secret_parameter=settings.text(environ, "SECRET_PARAMETER") if webhook_url else "",
            table_name=environ.get("TABLE_NAME", ""),
            keep_days=int(settings.number(environ, "KEEP_DAYS", 30, 1, 3650)),
            attempts=int(settings.number(environ, "WEBHOOK_ATTEMPTS", 4, 1, 10)),
            first_pause_seconds=settings.number(environ, "WEBHOOK_PAUSE_SECONDS", 0.5, 0, 30),
            loopback=_is_loopback(environ.get("AWS_ENDPOINT_URL", "")),
            metrics_namespace=settings.text(environ, "METRICS_NAMESPACE", f"{owner}/inference"),
        )


def _is_loopback(endpoint: str) -> bool:
    """Return whether the AWS endpoint is on this machine, which is never the case on AWS itself."""
    try:
        return ipaddress.ip_address(urlsplit(endpoint).hostname or "").is_loopback
    except ValueError:
        return False
