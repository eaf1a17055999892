"""What this machine can carry."""

from __future__ import annotations

import os
from pathlib import Path

STACK_MEGABYTES = 600
"""One provider process."""
STACKS_PER_CORE = 3
"""Most of a deployment is waiting for AWS; more than this only makes each stack slower."""


def parallelism(wanted: int) -> int:
    """As many stacks at a time as are wanted, as far as cores and free memory allow; never none."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    bounds = [wanted, allowed * STACKS_PER_CORE]
    free = _free_megabytes()
    if free is not None:
        bounds.append(free // STACK_MEGABYTES)
    return max(1, min(bounds))


def _free_megabytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that processes can still get; `None` where the system does not tell."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return kilobytes // 1024
