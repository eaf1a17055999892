"""A fresh checkout to measure in: no caches, no earlier runs, the tools that set-up installed linked in."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import REPO, run

INSTALLED = (".venv", ".venv-checkov", ".venv-jobs", ".tools")
DATASETS = Path(".cache/datasets")
"""All of `.cache` that set-up fetches; whatever else is in it was kept by earlier runs."""


@contextlib.contextmanager
def fresh(commit: str = "HEAD") -> Iterator[Path]:
    """Clone this repository at one commit, into a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "checkout"
        _git(REPO, "clone", "--quiet", "--shared", "--no-checkout", str(REPO), str(folder))
        revision = _git(REPO, "rev-parse", f"{commit}^{{commit}}")
        _git(folder, "checkout", "--quiet", "--detach", revision)
        for name in INSTALLED:
            (folder / name).symlink_to(REPO / name)
        (folder / DATASETS.parent).mkdir()
        (folder / DATASETS).symlink_to(REPO / DATASETS)
        yield folder


def _git(cwd: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


def release(folder: Path) -> None:
    """End what commands in this checkout left running: the local AWS, and the providers kept warm for it."""
    run([".venv/bin/python", "-m", "orchestrator", "emulator", "down", "local"], cwd=folder)
