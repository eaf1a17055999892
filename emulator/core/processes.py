"""Child processes: started with an allow-listed environment in separate process groups, and ended with the server.

A child sees the variables that AWS would set and nothing of the user's shell: no profile, no proxy, no token. Its
credentials are a session of the role that was deployed for it.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""Variables that a child inherits from the server."""

ACCESS = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables by which a child reaches this server."""

REAPER = Path(__file__).parents[1] / "runtime" / "reaper.py"


@dataclass(frozen=True)
class Credentials:
    """A session of an assumed role."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    role_arn: str


def environment(
    *, endpoint: str, region: str, home: Path, credentials: Credentials, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the complete environment of a child."""
    env = {name: os.environ[name] for name in INHERITED if name in os.environ}
    env |= {
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # NumPy's and SciPy's idle threads sleep at once, instead of after 2^26 turns of a loop.
        "OPENBLAS_THREAD_TIMEOUT": "4",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_EC2_METADATA_DISABLED": "true",
        # A profile or an endpoint in the user's files must not send a child to a real account.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # A proxy of the machine (macOS reads its system settings) must not see loopback calls.
        "NO_PROXY": "*",
    }
    return env | {name: str(value) for name, value in (extra or {}).items()}


class _Reaper:
    """A small process that briefly outlives the server and kills what the server left running.

    `atexit` covers an orderly end. For `kill -9` of the server something else must be watching, and
    PR_SET_PDEATHSIG is of no use here: it fires when the *thread* that started a child ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def send(self, message: str) -> None:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(REAPER)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    env={},
                )
                message = "".join(f"+{pid}\n" for pid in CHILDREN.pids()) + message
            pipe = self._process.stdin
            if pipe is not None:
                pipe.write(message.encode())
                pipe.flush()


class _Children:
    """Every living child of this server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[Any]] = {}

    def add(self, process: subprocess.Popen[Any]) -> None:
        with self._lock:
            self._running[process.pid] = process

    def remove(self, process: subprocess.Popen[Any]) -> None:
        with self._lock:
            self._running.pop(process.pid, None)

    def pids(self) -> list[int]:
        with self._lock:
            return list(self._running)

    def all(self) -> list[subprocess.Popen[Any]]:
        with self._lock:
            return list(self._running.values())


CHILDREN = _Children()
_reaper = _Reaper()


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: int | IO[bytes],
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in its own process group, with stderr joined to stdout; `wait` for it or `kill_group` it."""
    process = subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )
    CHILDREN.add(process)
    _reaper.send(f"+{process.pid}\n")
    return process


def output_file(folder: Path) -> IO[bytes]:
    """Open an unlinked file for a child's output, for appending: its reader may truncate it while the child runs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"output-{uuid.uuid4().hex}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    path.unlink()
    return os.fdopen(descriptor, "r+b", buffering=0)


def wait(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
    """Return the exit code (negative: the signal). Raises `subprocess.TimeoutExpired`."""
    code = process.wait(timeout)
    # What the child itself started and left running belongs to the same group.
    _signal_group(process.pid, signal.SIGKILL)
    CHILDREN.remove(process)
    _reaper.send(f"-{process.pid}\n")
    return code


def kill_group(process: subprocess.Popen[bytes], grace_seconds: float = 0.0) -> int:
    """End a child and its descendants, with SIGTERM first if there is a grace period. Returns the exit code."""
    if process.poll() is None and grace_seconds > 0:
        _signal_group(process.pid, signal.SIGTERM)
        try:
            process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            _signal_group(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        _signal_group(process.pid, signal.SIGKILL)
    return wait(process)


def kill_all() -> None:
    """Kill all children, when the server ends."""
    for process in CHILDREN.all():
        _signal_group(process.pid, signal.SIGKILL)
    for process in CHILDREN.all():
        wait(process)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return  # gone already: nothing to end
    except PermissionError:
        return  # macOS answers this for a group that holds only a zombie


atexit.register(kill_all)
