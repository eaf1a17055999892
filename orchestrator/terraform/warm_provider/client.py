"""Request a warm provider from the background process, which is started if it is not running."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.core.environment import base_env, require_socket_room
from orchestrator.errors import PlatformError, SetupError
from orchestrator.terraform.warm_provider.guard import check_environment, provider_environment
from orchestrator.terraform.warm_provider.holder import Holder
from orchestrator.terraform.warm_provider.locate import provider_binary

START_TIMEOUT_SECONDS = 20


def runtime_folder(repo: Path, binary: Path) -> Path:
    """Return a private folder with a short name: a unix socket's path may have at most 107 characters."""
    identity = f"{repo.resolve()}|{binary.resolve()}|{os.getuid()}"
    folder = Path(tempfile.gettempdir()) / f"mlops-warm-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    require_socket_room(str(folder))
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SetupError(f"{folder} belongs to another user", hint="run with --plain-provider")
    return folder


def send(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send a request over the control socket and return the response. Raises `OSError` without a server."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(START_TIMEOUT_SECONDS)
        connection.connect(str(folder / "control.sock"))
        with connection.makefile("rw") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            response: dict[str, Any] = json.loads(stream.readline() or '{"error": "no response"}')
    if "error" in response:
        raise PlatformError(f"warm provider: {response['error']}", hint="run with --plain-provider")
    return response


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(repo: Path, binary: Path, limit: int) -> Path:
    """Return the folder of a running server. Raises `SetupError` with its log when it does not start."""
    folder = runtime_folder(repo, binary)
    with _only_one(folder):
        with contextlib.suppress(OSError):
            send(folder, {"op": "status"})
            return folder
        log = folder / "server.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "orchestrator.terraform.warm_provider", str(folder), str(binary), str(limit)],
                cwd=repo,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=base_env(),
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                send(folder, {"op": "status"})
                return folder
            time.sleep(0.05)
        raise SetupError(
            f"the warm provider did not start: {log.read_text(errors='replace')[-500:]}",
            hint="run with --plain-provider",
        )


def attach(
    repo: Path,
    binary: Path,
    *,
    name: str,
    types: Iterable[str],
    environment: Mapping[str, str],
    own: Iterable[str] | None = None,
    limit: int = 4,
    mocked_blocks: Iterable[str] | None = None,
    run: Path | None = None,
) -> str:
    """Return the value of `TF_REATTACH_PROVIDERS` for one stack.

    Args:
        repo: the checkout of the server.
        binary: the unpacked provider.
        name: the stack (and environment) that will use it, one terraform command at a time.
        types: the resource types in use.
        environment: terraform's process environment; the provider only sees its AWS part.
        own: the types that this stack may hold, if known; only these get large schemas.
        limit: maximum number of provider processes.
        mocked_blocks: the names of nested blocks in the code, if the provider only serves its schema to mocks:
            large types then get these blocks only.
        run: the folder of the commands' records; a terraform that outlives the run keeps its provider.

    Raises:
        PlatformError: the environment is not the local one, or the server does not start.
    """
    seen = provider_environment(environment)
    try:
        check_environment(seen)
    except ValueError as error:
        raise PlatformError(str(error), hint="real accounts always use the plain provider") from error
    holder = Holder.own(run).document()
    request: dict[str, Any] = {
        "op": "attach",
        "name": name,
        "types": sorted(types),
        "environment": seen,
        "holder": holder,
    }
    if own is not None:
        request["own"] = sorted(own)
    if mocked_blocks is not None:
        request["blocks"] = sorted(mocked_blocks)
    return json.dumps(send(ensure(repo, binary, limit), request)["reattach"])


def release(repo: Path, binary: Path, *, name: str, run: Path | None = None) -> None:
    """Report that the stack's terraform command has ended; does nothing without a server."""
    with contextlib.suppress(OSError):
        request = {"op": "release", "name": name, "holder": Holder.own(run).document()}
        send(runtime_folder(repo, binary), request)


def stop(repo: Path, binary: Path) -> bool:
    """Stop the server of a checkout; `False` if none was running."""
    folder = runtime_folder(repo, binary)
    try:
        send(folder, {"op": "stop"})
    except OSError:
        return False
    _wait_for_end(folder)
    return True


def _wait_for_end(folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while (folder / "control.sock").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def stop_below(repo: Path, folder: Path) -> None:
    """Stop the warm providers, if any, that were only used by stacks with data in this folder."""
    binary = provider_binary(repo)
    if binary is None:
        return
    runtime = runtime_folder(repo, binary)
    with contextlib.suppress(OSError):
        if send(runtime, {"op": "forget", "below": f"{folder}{os.sep}"})["stopping"]:
            _wait_for_end(runtime)
