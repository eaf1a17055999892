"""Programs of SageMaker's containers, which may name `/opt/ml` instead of taking their folders from variables."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "runtime" / "opt_ml.py"
NAME = b"/opt/ml/"
_LARGEST_SOURCE = 1 << 20


def command(folder: Path, argv: Sequence[str | Path]) -> list[str | Path]:
    """Return a command whose program sees the folder as `/opt/ml`, where this machine can show it."""
    return [*_launcher(folder), *argv] if available() else list(argv)


def note(folder: Path, code: Path) -> str | None:
    """Return what to say about code that names `/opt/ml` on a machine that cannot show it; `None` if all is well."""
    if available() or not _is_named(code):
        return None
    return (
        f"the code names /opt/ml, which is {folder} on this machine: it permits no mount namespaces, "
        "so take folders from variables such as SM_MODEL_DIR"
    )


@cache
def available() -> bool:
    """Whether this machine can show a folder as `/opt/ml`: it needs Linux and permission for mount namespaces."""
    if not sys.platform.startswith("linux"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(
            [*_launcher(Path(folder)), sys.executable, "-I", "-S", "-c", "import os; os.listdir('/opt/ml')"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
    return tried.returncode == 0


def _launcher(folder: Path) -> list[str | Path]:
    return [sys.executable, "-I", "-S", PROGRAM, folder]


def _is_named(code: Path) -> bool:
    sources = (path for path in code.rglob("*") if path.suffix in (".py", ".sh") and path.is_file())
    return any(NAME in path.read_bytes() for path in sources if path.stat().st_size <= _LARGEST_SOURCE)
