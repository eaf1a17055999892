"""Settings of the job API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    routes_prefix: str
    bucket: str
    key_arn: str
    """KMS key of uploaded inputs."""
    secret_parameter: str
    """Name of the encrypted parameter that holds the secret for ids."""
    route_cache_seconds: float
    url_seconds: int
    """Lifetime of presigned URLs."""
    inline_bytes: int
    """Results up to this size are returned inline, larger ones as a presigned URL."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        return cls(
            routes_prefix=settings.text(environ, "ROUTES_PREFIX").rstrip("/"),
            bucket=settings.text(environ, "BUCKET"),
            key_arn=settings.text(environ, "KEY_ARN"),
            secret_parameter=settings.text(environ, "SECRET_PARAMETER"),
            route_cache_seconds=settings.number(environ, "ROUTE_CACHE_SECONDS", 30, 0, 3600),
            url_seconds=int(settings.number(environ, "URL_SECONDS", 900, 60, 3600)),
            inline_bytes=int(settings.number(environ, "INLINE_BYTES", 262_144, 0, 4_194_304)),
        )
