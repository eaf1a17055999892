"""Choose the port of a local AWS: given, or chosen once and kept, so that its URL stays the same."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from orchestrator.errors import ConfigError, EmulatorError

HOST = "127.0.0.1"
FIRST = 4566
LAST = FIRST + 199
_KEPT = "port"
"""A file beside `emulator.json` that outlives it."""


def from_environment() -> int | None:
    """Read `EMULATOR_PORT`, which takes precedence over everything else, for one start."""
    value = os.environ.get("EMULATOR_PORT", "").strip()
    if not value:
        return None
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise ConfigError(f"EMULATOR_PORT must be a port number from 1 to 65535, got `{value}`")
    return int(value)


def refusal(port: int) -> str:
    """Return why no server can listen on a port; empty if one can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def kept(folder: Path) -> int:
    """Return the port of this folder's local AWS; if it has none yet, choose and keep the first free one.

    Free: neither in use now nor kept by another environment of the checkout.
    """
    # Two environments that start for the first time in parallel must not choose the same port.
    with (folder.parent / "ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        own = _read(folder / _KEPT)
        if own is not None:
            return own
        others = {_read(file) for file in folder.parent.glob(f"*/{_KEPT}")}
        free = (port for port in range(FIRST, LAST + 1) if port not in others and not refusal(port))
        port = next(free, None)
        if port is None:
            raise EmulatorError(
                f"no port from {FIRST} to {LAST} is free",
                hint=f"Set one: `local: {{port: …}}` in terraform/envs/{folder.name}/platform.yaml.",
            )
        (folder / _KEPT).write_text(f"{port}\n", encoding="utf-8")
        return port


def _read(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) < 65536:
        raise EmulatorError(f"{file} does not contain a port: `{text[:40]}`", hint="Delete the file and start again.")
    return int(text)
