"""Configuration of the router."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    routes_prefix: str
    route_cache_seconds: float
    api_limit_seconds: float
    deadline_margin_seconds: float

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        return cls(
            routes_prefix=settings.text(environ, "ROUTES_PREFIX").rstrip("/"),
            route_cache_seconds=settings.number(environ, "ROUTE_CACHE_SECONDS", 30, 0, 3600),
            # API Gateway gives up after 29 s, whatever the function's own timeout is.
            api_limit_seconds=settings.number(environ, "API_LIMIT_SECONDS", 29, 2, 900),
            deadline_margin_seconds=settings.number(environ, "DEADLINE_MARGIN_SECONDS", 1, 0, 10),
        )
