"""Find the running processes of a program, and interrupt a process."""

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
    """Yield the processes of a program with their environments, except other users', which cannot be read.

    Without `/proc` the environments are unknown: `None`, and other users' processes are included.
    """
    if not (_PROC / "self").exists():
        yield from ((process, None) for process in _listed(program))
        return
    for folder in _PROC.glob("[0-9]*"):
        try:
            if (folder / "comm").read_text(encoding="utf-8", errors="replace").strip() != program:
                continue
            pairs = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended, or is another user's
            continue
        process = identity.of(int(folder.name))
        if process is not None:
            yield process, dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _listed(program: str) -> Iterator[Identity]:
    command = ("ps", "-axo", "pid=,comm=")
    listed = subprocess.run(command, env=identity.PLAIN, capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        number, _, path = line.strip().partition(" ")
        if Path(path.strip()).name == program and (process := identity.of(int(number))) is not None:
            yield process


def interrupt(process: Identity) -> bool:
    """Send SIGINT to exactly this process; `False` if it has already ended."""
    if identity.life(process) != "alive":
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)
    return True
