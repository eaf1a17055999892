"""Settings of the function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_common import settings


@dataclass(frozen=True)
class Settings:
    max_quarantine_share: float

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        return cls(settings.number(environ, "MAX_QUARANTINE_SHARE", 0.05, 0, 1))
