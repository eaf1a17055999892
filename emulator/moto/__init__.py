"""The only place that imports or patches moto.

A module that patches moto adds or corrects what the platform needs of one service, and states beside each correction
what AWS does and what moto does instead. It is one of this folder or a `moto_*` module of a service, and has

    def apply(settings: Settings) -> None

which declares its patches (`emulator.moto.patching`); they are installed once all are declared, before the first
request. If it starts processes, it also has `def shutdown() -> None`.

`wire` and the other `moto_*` modules patch nothing: they offer moto's HTTP application and data to the emulator.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from emulator.core import clock
from emulator.core.aws import go_offline
from emulator.core.settings import Settings
from emulator.moto import core, patching, version

if TYPE_CHECKING:
    from werkzeug.serving import WSGIRequestHandler

PACKAGE = Path(__file__).resolve().parents[1]
_applied: list[ModuleType] = []


def apply(settings: Settings) -> list[patching.Patch]:
    """Install all patches and return them; the emulator does not start without one of them."""
    version.check()
    # First of all: moto reads parts of its configuration while its modules are being imported.
    core.apply(settings)
    for module in modules():
        module.apply(settings)
        _applied.append(module)
    return patching.install()


def modules() -> list[ModuleType]:
    """Import the modules that patch moto, except `core`; the order does not matter."""
    files = [*PACKAGE.glob("moto/[!_]*.py"), *PACKAGE.glob("services/*/moto_*.py")]
    names = [".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in sorted(files)]
    loaded = [importlib.import_module(name) for name in names]
    return [module for module in loaded if hasattr(module, "apply") and module is not core]


def shutdown() -> None:
    """Stop timers and calls of the emulator to itself, then what the patches started."""
    clock.shutdown()
    go_offline()
    while _applied:
        module = _applied.pop()
        if hasattr(module, "shutdown"):
            module.shutdown()


def request_handler() -> type[WSGIRequestHandler]:
    """The HTTP handler that moto's application needs (it keeps the spelling of S3 metadata headers)."""
    from emulator.moto import wire

    return wire.request_handler()
