"""Limit parallelism to this machine's cores and memory."""

from __future__ import annotations

import os
from pathlib import Path

STACK_MEGABYTES = 600
"""The memory of a provider process."""
STACKS_PER_CORE = 3
"""Most of a deployment is waiting for AWS; more stacks than this only make each one slower."""


def parallelism(requested: int) -> int:
    """Return the number of stacks to run in parallel: as requested, limited by cores and free memory, at least one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    bounds = [requested, allowed * STACKS_PER_CORE]
    free = _free_megabytes()
    if free is not None:
        bounds.append(free // STACK_MEGABYTES)
    return max(1, min(bounds))


def _free_megabytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Return the memory that is available to processes; `None` if the system does not report it."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return kilobytes // 1024
