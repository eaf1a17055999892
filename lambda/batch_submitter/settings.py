"""Settings of the batch submitter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    bucket: str
    name_prefix: str
    routes_prefix: str
    topic_arn: str
    data_key_arn: str
    volume_key_arn: str
    inline_bytes: float
    """Inputs up to this size are prepared synchronously, larger ones in a separate invocation."""
    metrics_namespace: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        prefix = settings.text(environ, "NAME_PREFIX")
        return cls(
            bucket=settings.text(environ, "BUCKET"),
            name_prefix=prefix,
            routes_prefix=settings.text(environ, "ROUTES_PREFIX").rstrip("/"),
            topic_arn=settings.text(environ, "TOPIC_ARN"),
            data_key_arn=settings.text(environ, "DATA_KEY_ARN"),
            volume_key_arn=settings.text(environ, "VOLUME_KEY_ARN"),
            inline_bytes=settings.number(environ, "INLINE_BYTES", 8 * 1024 * 1024, 0, 1 << 30),
            metrics_namespace=settings.text(environ, "METRICS_NAMESPACE", f"{prefix}/batch"),
        )
