"""Seams reach into moto's internals, so exactly one version of moto is accepted."""

from __future__ import annotations

from importlib.metadata import version

from emulator.core.errors import WrongMoto
from emulator.core.settings import Settings

MOTO = "5.2.5"


def apply(settings: Settings) -> None:
    check(version("moto"))


def check(found: str) -> None:
    """Raises `WrongMoto` for any version but the one the seams were written against."""
    if found != MOTO:
        raise WrongMoto(found, MOTO)
