"""Identify a process so that a later command can prove that it has ended.

A pid alone proves nothing: it is reused sooner or later, at the latest after a reboot. So a process is identified by
host, boot, pid namespace, pid and start time. If one of the first three differs, the process belongs to another machine
(or container), and its state is unknown here.
"""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Life = Literal["alive", "dead", "unknown"]
_PROC = Path("/proc")
PLAIN = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC0"}
"""Start times are compared as text: they must not depend on the caller's language and time zone."""


@dataclass(frozen=True)
class Machine:
    """The scope in which a pid is unique."""

    host: str
    boot: str
    """Changes with each start of the machine; empty if the system does not report it."""
    namespace: str
    """The pid namespace, which differs in containers; empty if the system has none."""


@dataclass(frozen=True)
class Identity:
    """A process of a machine."""

    machine: Machine
    pid: int
    started: str
    """The start time in the system's format: compared, never parsed."""


def read(document: object) -> Identity | None:
    """Parse the identity in a file (`dataclasses.asdict`); `None` if it is missing or truncated."""
    try:
        fields: Any = document
        return Identity(Machine(**fields["machine"]), int(fields["pid"]), str(fields["started"]))
    except (TypeError, KeyError, ValueError):
        return None


@cache
def machine() -> Machine:
    """Return this machine."""
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = os.readlink(_PROC / "self" / "ns" / "pid")
    return Machine(platform.node(), _boot(), namespace)


def of(pid: int) -> Identity | None:
    """Identify the process that has this pid now; `None` if there is none, or only a zombie."""
    started = _started(pid)
    return Identity(machine(), pid, started) if started else None


def own() -> Identity:
    """Identify this process."""
    process = of(os.getpid())
    assert process is not None
    return process


def life(identity: Identity) -> Life:
    """Return whether exactly this process still runs; `unknown` if it belongs to another machine."""
    here, there = machine(), identity.machine
    if (here.host, here.namespace) != (there.host, there.namespace):
        # Every process of an earlier boot has ended, whatever its namespace was.
        return "dead" if here.host == there.host and _rebooted(here, there) else "unknown"
    if _rebooted(here, there):
        return "dead"
    return "alive" if of(identity.pid) == identity else "dead"


def _rebooted(here: Machine, there: Machine) -> bool:
    return bool(here.boot and there.boot and here.boot != there.boot)


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return _output("sysctl", "-n", "kern.boottime")


def _started(pid: int) -> str:
    try:
        # The name in parentheses may contain any character, parentheses too: the fields after the last one are fixed.
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if (_PROC / "self").exists():
            return ""
        state, _, started = _output("ps", "-o", "stat=,lstart=", "-p", str(pid)).partition(" ")
        return "" if state.startswith("Z") else started.strip()
    return "" if fields[0] in "ZX" else fields[19]


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, env=PLAIN, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
