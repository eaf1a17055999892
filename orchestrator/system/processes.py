"""Processes of this machine: which ones of a program run, and a polite request to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from orchestrator.system import identity
from orchestrator.system.identity import Identity

_PROC = Path("/proc")


def running(program: str) -> Iterator[tuple[Identity, dict[str, str] | None]]:
    """Processes of a program, each with its environment; those of other users, who keep theirs, are left out.

    A system without `/proc` does not tell the environment: `None`, and all users.
    """
    if not (_PROC / "self").exists():
        yield from ((found, None) for found in _listed(program))
        return
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


def _listed(program: str) -> Iterator[Identity]:
    command = ("ps", "-axo", "pid=,comm=")
    listed = subprocess.run(command, env=identity.PLAIN, capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        number, _, path = line.strip().partition(" ")
        if Path(path.strip()).name == program and (found := identity.of(int(number))) is not None:
            yield found


def interrupt(process: Identity) -> bool:
    """Send SIGINT to exactly this process; False if it has ended already."""
    if identity.life(process) != "alive":
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)
    return True
