"""Settings of the worker function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    blueprint: str
    routes_prefix: str
    bucket: str
    queue_url: str
    success_topic_arn: str
    error_topic_arn: str
    dead_letter_arn: str
    """Dead-letter queue; its messages get a failure object and no further attempt."""
    max_attempts: int
    ttl_seconds: int
    max_input_bytes: int
    backoff_seconds: float
    margin_seconds: float
    """Time reserved for writing the result."""
    metrics_namespace: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        prefix = settings.text(environ, "ROUTES_PREFIX").rstrip("/")
        owner = "-".join(prefix.strip("/").split("/")[:-1]) or "platform"
        return cls(
            blueprint=settings.text(environ, "BLUEPRINT"),
            routes_prefix=prefix,
            bucket=settings.text(environ, "BUCKET"),
            queue_url=settings.text(environ, "QUEUE_URL"),
            success_topic_arn=settings.text(environ, "SUCCESS_TOPIC_ARN"),
            error_topic_arn=settings.text(environ, "ERROR_TOPIC_ARN"),
            dead_letter_arn=settings.text(environ, "DEAD_LETTER_ARN"),
            max_attempts=int(settings.number(environ, "MAX_ATTEMPTS", 8, 1, 100)),
            ttl_seconds=int(settings.number(environ, "TTL_SECONDS", 21_600, 60, 86_400)),
            max_input_bytes=int(settings.number(environ, "MAX_INPUT_MB", 5, 1, 100)) * 1024 * 1024,
            backoff_seconds=settings.number(environ, "BACKOFF_SECONDS", 10, 0, 900),
            margin_seconds=settings.number(environ, "MARGIN_SECONDS", 5, 1, 60),
            metrics_namespace=settings.text(environ, "METRICS_NAMESPACE", f"{owner}/inference"),
        )
