"""The accepted version of moto: patches reach into its internals, so there is exactly one."""

from __future__ import annotations

from importlib.metadata import version

from emulator.core.errors import WrongMoto

MOTO = "5.2.5"


def check(installed: str | None = None) -> None:
    """Raise `WrongMoto` for any version except the one that the patches were written for."""
    installed = installed or version("moto")
    if installed != MOTO:
        raise WrongMoto(installed, MOTO)
