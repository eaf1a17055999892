"""Processes of this machine: which ones of a program run, and a polite request to stop."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from orchestrator.system import identity
from orchestrator.system.identity import Identity

_PROC = Path("/proc")


def running(program: str) -> Iterator[tuple[Identity, dict[str, str]]]:
    """Processes of a program, each with its environment; those of other users, who keep theirs, are left out.

    Nothing on a system without `/proc`.
    """
    for folder in _PROC.glob("[0-9]*"):
        try:
            if (folder / "comm").read_text(encoding="utf-8", errors="replace").strip() != program:
                continue
            pairs = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended, or is another user's
            continue
        found = identity.of(int(folder.name))
        if found is not None:
            yield found, dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def interrupt(process: Identity) -> bool:
    """Send SIGINT to exactly this process; False if it has ended already."""
    if identity.life(process) != "alive":
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)
    return True
