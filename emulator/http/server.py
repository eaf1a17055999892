"""The process: bind, install the patches, announce, serve, and clean up."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

from emulator import VERSION, moto
from emulator.core import processes
from emulator.core.administrator import ADMIN
from emulator.core.errors import PortTaken
from emulator.core.settings import Settings
from emulator.http.connections import keeping

HOST = "127.0.0.1"
"""Loopback only: functions run what they are given. Loopback is not trust, either: see `emulator.http.admission`."""

BACKLOG = 1024
"""Connections that may wait to be accepted; further ones are retried a second later."""


def serve(
    *,
    port: int,
    data_dir: Path,
    jobs_python: Path,
    lambda_python: Path,
    time_scale: float = 1.0,
    enforce_iam: bool = True,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises `PortTaken` or another `EmulatorError` before the first request."""
    listener = _listen(port)
    port = listener.getsockname()[1]
    settings = Settings(
        host=HOST,
        port=port,
        endpoint=f"http://{HOST}:{port}",
        data_dir=data_dir,
        jobs_python=jobs_python,
        lambda_python=lambda_python,
        enforce_iam=enforce_iam,
        time_scale=time_scale,
    )
    data_dir.mkdir(parents=True, exist_ok=True)
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    # What is loaded here stays: scanning it for garbage costs a third of the start, and causes pauses later.
    gc.disable()
    moto.apply(settings)
    from emulator.http import app  # after the patches: what it imports must see moto as patched

    application = app.build(settings, started_at)
    gc.freeze()
    gc.enable()
    server = make_server(
        HOST, port, application, threaded=True, request_handler=keeping(moto.request_handler()), fd=listener.fileno()
    )
    _run(server, announce=lambda: _announce(settings, started_at))
    moto.shutdown()
    processes.kill_all()
    (data_dir / "emulator.json").unlink(missing_ok=True)
    _say("stopped")


def _listen(port: int) -> socket.socket:
    """Return the listening socket, bound before anything slow so that a used port is reported at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise PortTaken(HOST, port, error.strerror or str(error)) from error
    listener.listen(BACKLOG)
    return listener


def _run(server: BaseWSGIServer, *, announce: Callable[[], None]) -> None:
    """Serve in a thread, so that the main thread is free to receive signals and can then stop the server."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
    thread.start()
    announce()
    stop.wait()
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


def _announce(settings: Settings, started_at: str) -> None:
    document: dict[str, Any] = {
        "pid": os.getpid(),
        "endpoint": settings.endpoint,
        "port": settings.port,
        "account_id": settings.account_id,
        "region": settings.region,
        "version": VERSION,
        "started_at": started_at,
        "access_key_id": ADMIN.access_key_id,
        "secret_access_key": ADMIN.secret_access_key,
    }
    # Written to another file and renamed: clients that wait for it never read a part of it.
    target = settings.data_dir / "emulator.json"
    draft = target.with_suffix(".json.tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(json.dumps(document, indent=2) + "\n")
    draft.replace(target)
    if not settings.enforce_iam:
        _say("IAM is off: every role may do everything, whatever its policies say")
    _say(f"ready at {settings.endpoint} (pid {os.getpid()}, data in {settings.data_dir})")


def _say(text: str) -> None:
    sys.stdout.write(f"emulator: {text}\n")
    sys.stdout.flush()
