"""Deployable files of Lambda functions and jobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Package:
    """A deployable file; equal input gives equal bytes on any machine."""

    name: str
    path: Path
    sha256_base64: str


class Packager(Protocol):
    def build(self, out: Path) -> dict[str, Package]: ...
