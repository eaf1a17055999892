"""What this machine must bring: Python, memory, disk, and Python's own venv module."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from tooling.install.report import SetupProblem

OLDEST, NEWEST = (3, 11), (3, 13)
MEMORY_GB = 4
DISK_GB = 3
GIB = 1024**3
TOLERANCE = 0.9
"""A machine sold with 4 GB reports less: firmware and kernel keep a part."""

CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def check_python(version: tuple[int, int] | None = None) -> None:
    version = version or sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        raise SetupProblem(
            f"Python {_dotted(OLDEST)} to {_dotted(NEWEST)} is needed, and this is {_dotted(version)}.",
            hint="install python3.13 and run `make setup PYTHON=python3.13`",
        )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def check_venv() -> None:
    """Check for `venv`: Debian and Ubuntu package it separately."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupProblem(
            f"Python's module `{missing[0]}` is missing, so no virtual environment can be made.",
            hint="on Debian and Ubuntu: `apt-get install python3-venv`",
        )


def check_memory(total: int | None = None) -> None:
    total = memory() if total is None else total
    if total < MEMORY_GB * TOLERANCE * GIB:
        raise SetupProblem(
            f"{MEMORY_GB} GB of memory are needed (each Terraform provider process takes 600 MB), "
            f"and this machine has {total / GIB:.1f} GB.",
            hint="give the machine or the container more memory",
        )


def check_disk(folder: Path, free: int | None = None) -> None:
    free = shutil.disk_usage(folder).free if free is None else free
    if free < DISK_GB * GIB:
        raise SetupProblem(
            f"{DISK_GB} GB of free disk are needed under {folder}, and there are {free / GIB:.1f} GB.",
            hint="make room, or clone the repository onto a larger disk",
        )


def memory(cgroup_limits: tuple[str, ...] = CGROUP_LIMITS) -> int:
    """Return the bytes this process may use: the machine's memory, or the container's limit if that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in cgroup_limits:
        file = Path(name)
        if file.is_file():
            text = file.read_text(encoding="ascii").strip()
            if text.isdigit():  # "max": no limit
                total = min(total, int(text))
    return total
