"""Settings of the authorizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    keys_prefix: str
    cache_seconds: float

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        return cls(
            keys_prefix=settings.text(environ, "KEYS_PREFIX").rstrip("/"),
            cache_seconds=settings.number(environ, "KEY_CACHE_SECONDS", 60, 0, 3600),
        )
