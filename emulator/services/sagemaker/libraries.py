"""Packages that the code of a model brings: installed from its archive, as the containers' toolkits do.

Jobs and endpoints have no network here, so `requirements.txt` must be satisfied by packages of the image, for which
those of the jobs' environment count, and by wheels in the archive. Equal archives share one installation.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from functools import cache
from pathlib import Path

from emulator.core.processes import INHERITED
from emulator.core.settings import Settings

FILE = "requirements.txt"
PROGRAM = Path(__file__).parents[2] / "runtime" / "environment.py"
SECONDS = 600.0
ISOLATED = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_NO_INDEX": "1",
    "PIP_NO_INPUT": "1",
}
COMMAND = "/usr/bin/python3 -m pip install -r requirements.txt"


class InstallationFailed(Exception):
    """The packages cannot be installed; the message is pip's last line, and what it means here."""


class Libraries:
    """All installations of this emulator.

    Args:
        folder: where they are.
        python: interpreter of jobs, whose packages count as the image's.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self._folder, self._python = folder, python
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def python(self, code: Path) -> Path:
        """Return the interpreter for a folder of code. Raises `InstallationFailed`."""
        if not (code / FILE).is_file():
            return self._python
        key = _digest(code, self._python)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            folder = self._folder / key
            if not (folder / "installed").is_file():
                self._install(folder, code)
            return folder / "bin" / "python"

    def _install(self, folder: Path, code: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        env = {name: os.environ[name] for name in INHERITED if name in os.environ} | ISOLATED | {"HOME": str(folder)}
        _run([self._python, "-I", PROGRAM, folder], folder.parent, env)
        _run([folder / "bin" / "python", "-m", "pip", "install", "-r", FILE], code, env)
        (folder / "installed").touch()


@cache
def of(settings: Settings) -> Libraries:
    """Return those that training jobs and model servers share."""
    return Libraries(settings.data_dir / "libraries", settings.jobs_python)


def _run(argv: list[str | Path], folder: Path, env: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            [str(part) for part in argv],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InstallationFailed(f"pip did not end within {SECONDS:.0f} seconds") from error
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.startswith("ERROR: ")] or done.stdout.splitlines()
        raise InstallationFailed(
            f"{(lines or ['pip printed nothing'])[0]} (jobs and endpoints install without network: the archive must "
            f"carry the wheels, and {FILE} must name their folder by --find-links)"
        )


def _digest(code: Path, python: Path) -> str:
    digest = hashlib.sha256(str(python).encode())
    wheels = sorted(code.rglob("*.whl"))
    for path in (code / FILE, *wheels):
        digest.update(f"{path.relative_to(code)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
