"""Where a figure was measured: cores, memory, load and versions."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Callable
from importlib import metadata

from benchmarks.measure import REPO


def cores() -> int:
    """Count the cores that this process may use (a container's limit counts, where the system reports it)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cores()} cores, {memory:.0f} GiB memory, {platform.system()} {platform.machine()}"


def load() -> float:
    """Return the runnable processes of the last minute; figures measured with many others are wrong."""
    return os.getloadavg()[0]


def commit() -> str:
    """Return the commit that is checked out."""
    return _git("rev-parse", "--short=10", "HEAD")


def changed() -> bool:
    """Tell whether files of the working tree differ from the commit."""
    return bool(_git("status", "--porcelain", "--untracked-files=no"))


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=REPO, capture_output=True, text=True, check=True).stdout.strip()


def _terraform() -> str:
    done = subprocess.run(
        [str(REPO / ".tools/bin/terraform"), "version"],
        capture_output=True,
        text=True,
        check=True,
        env={"CHECKPOINT_DISABLE": "1"},
    )
    return done.stdout.split()[1].lstrip("v")


def _provider() -> str:
    lock = (REPO / "terraform/.terraform.lock.hcl").read_text(encoding="utf-8")
    match = re.search(r'hashicorp/aws" \{\s+version\s+= "([^"]+)"', lock)
    return match[1] if match else "unknown"


def _checkov() -> str:
    folder = next((REPO / ".venv-checkov").glob("lib/python*/site-packages/checkov-*.dist-info"), None)
    return folder.name.removesuffix(".dist-info").partition("-")[2] if folder else "not installed"


_VERSIONS: dict[str, Callable[[], str]] = {
    "python": platform.python_version,
    "terraform": _terraform,
    "hashicorp/aws": _provider,
    "checkov": _checkov,
    "moto": lambda: metadata.version("moto"),
    "boto3": lambda: metadata.version("boto3"),
    "click": lambda: metadata.version("click"),
    "pytest": lambda: metadata.version("pytest"),
}


def versions(*names: str) -> str:
    """Return the versions of the named tools, as `python 3.11.4, terraform 1.11.4`."""
    return ", ".join(f"{name} {_VERSIONS[name]()}" for name in names)
