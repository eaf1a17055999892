"""Settings of the model router."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings

LOG_PAYLOADS = ("never", "route", "always")


@dataclass(frozen=True)
class Settings:
    routes_prefix: str
    route_cache_seconds: float
    api_limit_seconds: float
    deadline_margin_seconds: float
    shadow_wait_seconds: float
    metrics_namespace: str
    log_payloads: str
    """`route` follows the route records; `never` and `always` override them."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        prefix = settings.text(environ, "ROUTES_PREFIX").rstrip("/")
        owner = "-".join(prefix.strip("/").split("/")[:-1]) or "platform"
        return cls(
            routes_prefix=prefix,
            route_cache_seconds=settings.number(environ, "ROUTE_CACHE_SECONDS", 30, 0, 3600),
            # API Gateway times out after 29 s, whatever the function's own timeout is.
            api_limit_seconds=settings.number(environ, "API_LIMIT_SECONDS", 29, 2, 900),
            deadline_margin_seconds=settings.number(environ, "DEADLINE_MARGIN_SECONDS", 1, 0, 10),
            shadow_wait_seconds=settings.number(environ, "SHADOW_WAIT_SECONDS", 0.05, 0, 1),
            metrics_namespace=settings.text(environ, "METRICS_NAMESPACE", f"{owner}/inference"),
            log_payloads=settings.choice(environ, "LOG_PAYLOADS", "route", LOG_PAYLOADS),
        )
