"""Jobs run in a separate environment; their pure parts are imported here as well."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

REPO = Path(__file__).resolve().parents[3]
JOBS = REPO / "jobs"


@pytest.fixture(scope="session")
def load_job() -> Callable[[str], ModuleType]:
    """`load_job("etl/main.py")` is that script as a module."""

    def load(path: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"jobs_{Path(path).stem}", JOBS / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def run_job() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script with the jobs' own interpreter, as Glue or the container would."""
    python = Path(os.environ.get("JOBS_PYTHON", REPO / ".venv-jobs" / "bin" / "python"))
    if not python.exists():
        pytest.fail(f"{python} is missing: `make setup` creates the environment of the jobs")

    def run(script: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", **environ}
        return subprocess.run(
            [str(python), str(script), *arguments], env=env, capture_output=True, text=True, timeout=300, check=False
        )

    return run
