"""Which process it was, told so that a later command can prove that it is gone.

A number alone proves nothing: it is given to another process sooner or later, at the latest after a reboot. So a
process is known by host, boot, pid namespace, pid and start. Where any of the first three differs, another machine
(or container) is meant, and nothing can be said of it from here.
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
"""Times are compared as text: they must not depend on the language and time zone of whoever asks."""


@dataclass(frozen=True)
class Machine:
    """Where process numbers mean something."""

    host: str
    boot: str
    """Another one after each start of the machine; empty where the system does not tell."""
    namespace: str
    """Of process numbers: a container has one of its own. Empty where there are none."""


@dataclass(frozen=True)
class Identity:
    """One process of one machine."""

    machine: Machine
    pid: int
    started: str
    """When it started, in the system's own words: compared, never read."""


def read(document: object) -> Identity | None:
    """The process that a file tells of (`dataclasses.asdict`); `None` where it does not, or is cut short."""
    try:
        found: Any = document
        return Identity(Machine(**found["machine"]), int(found["pid"]), str(found["started"]))
    except (TypeError, KeyError, ValueError):
        return None


@cache
def machine() -> Machine:
    """This machine."""
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = os.readlink(_PROC / "self" / "ns" / "pid")
    return Machine(platform.node(), _boot(), namespace)


def of(pid: int) -> Identity | None:
    """The process that has this number now; `None` if there is none, or only what is left of one (a zombie)."""
    started = _started(pid)
    return Identity(machine(), pid, started) if started else None


def own() -> Identity:
    """This process."""
    found = of(os.getpid())
    assert found is not None
    return found


def life(identity: Identity) -> Life:
    """Whether that very process still runs. `unknown` if it is one of another machine."""
    here, there = machine(), identity.machine
    if (here.host, here.namespace) != (there.host, there.namespace):
        # Every process of an earlier boot is gone, whatever its namespace was called.
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
        return _said("sysctl", "-n", "kern.boottime")


def _started(pid: int) -> str:
    try:
        # The name in parentheses may hold anything, parentheses too: what follows the last one has fixed places.
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if (_PROC / "self").exists():
            return ""
        state, _, started = _said("ps", "-o", "stat=,lstart=", "-p", str(pid)).partition(" ")
        return "" if state.startswith("Z") else started.strip()
    return "" if fields[0] in "ZX" else fields[19]


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, env=PLAIN, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
