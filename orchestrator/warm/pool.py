"""Provider processes: started in debug mode, one per configuration, ended by their own id."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from orchestrator.warm.wire import has_error, provider_config

SERVICE = "/tfplugin5.Provider/"
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
START_TIMEOUT_SECONDS = 60
CALL_TIMEOUT_SECONDS = 3600


class ProviderDied(RuntimeError):
    """The provider process ended; its last words are in the message."""


# Becomes the provider after asking Linux for SIGKILL when the server ends, however it ends (elsewhere the
# pid file does that work). Not a `preexec_fn`: forking a process in which gRPC has threads breaks its calls.
_LAUNCHER = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass
class Provider:
    """One running provider process."""

    process: subprocess.Popen[bytes]
    channel: grpc.Channel
    log: Path
    environment: Mapping[str, str]
    configured: bytes | None = None
    configure_response: bytes = b""
    used_at: float = field(default_factory=time.monotonic)

    def call(self, method: str, request: bytes) -> bytes:
        """Forward one RPC as bytes. Raises `grpc.RpcError` (the provider's) or `ProviderDied`."""
        self.used_at = time.monotonic()
        try:
            return bytes(self.channel.unary_unary(method)(request, timeout=CALL_TIMEOUT_SECONDS))
        except grpc.RpcError as error:
            if self.process.poll() is None:
                raise
            tail = self.log.read_text(errors="replace")[-2000:]
            raise ProviderDied(f"the provider ended with {self.process.returncode}: {tail}") from error

    def close(self) -> None:
        self.channel.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(binary: Path, environment: Mapping[str, str], folder: Path) -> Provider:
    """Start the provider and connect to it. Raises `ProviderDied` when it does not come up."""
    handle, name = tempfile.mkstemp(prefix="provider-", suffix=".log", dir=folder)
    log = Path(name)
    # The plugin puts its socket into TMPDIR; GOGC trades memory for about a quarter of the CPU time.
    child_environment = {**environment, "TMPDIR": str(folder), "GOGC": "400"}
    with os.fdopen(handle, "wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCHER, str(binary), "-debug"],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=child_environment,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"TF_REATTACH_PROVIDERS='(.+)'", log.read_text(errors="replace"))
        if found:
            address = next(iter(json.loads(found[1]).values()))["Addr"]["String"]
            return Provider(process, grpc.insecure_channel(f"unix:{address}", UNLIMITED), log, environment)
        time.sleep(0.02)
    process.kill()
    raise ProviderDied(f"{binary.name} -debug did not start: {log.read_text(errors='replace')[-2000:]}")


class Pool:
    """Providers by configuration; at most `limit` at a time, the longest unused goes first.

    Args:
        binary: the provider's executable.
        folder: private folder for sockets and logs.
        limit: provider processes at a time (about 600 MB each).
    """

    def __init__(self, binary: Path, folder: Path, limit: int) -> None:
        self._binary, self._folder, self._limit = binary, folder, limit
        self._providers: list[Provider] = []
        self._busy: dict[int, int] = {}
        self._lock = threading.Lock()
        self._schema: bytes | None = None

    def _start(self, environment: Mapping[str, str]) -> Provider:
        self._providers = [p for p in self._providers if p.process.poll() is None]
        idle = sorted((p for p in self._providers if not self._busy.get(id(p))), key=lambda p: p.used_at)
        while len(self._providers) >= self._limit and idle:
            retired = idle.pop(0)
            self._providers.remove(retired)
            retired.close()
        provider = start(self._binary, environment, self._folder)
        self._providers.append(provider)
        self._write_pids()
        return provider

    def _write_pids(self) -> None:
        pids = [provider.process.pid for provider in self._providers]
        (self._folder / "providers.json").write_text(json.dumps(pids))

    def any(self, environment: Mapping[str, str]) -> Provider:
        """A provider for calls that need no configuration (schema, validation, state upgrades)."""
        with self._lock:
            alive = [p for p in self._providers if p.process.poll() is None and p.environment == environment]
            return alive[0] if alive else self._start(environment)

    def configured(self, environment: Mapping[str, str], request: bytes) -> tuple[Provider, bytes]:
        """The provider that holds exactly this configuration, and its answer to `Configure`."""
        key = provider_config(request)
        with self._lock:
            for provider in self._providers:
                same = provider.environment == environment and provider.configured == key
                if same and provider.process.poll() is None:
                    return provider, provider.configure_response
            free = [
                p
                for p in self._providers
                if p.configured is None and p.environment == environment and p.process.poll() is None
            ]
            provider = free[0] if free else self._start(environment)
            provider.configured = key
        # Outside the lock: configuring asks STS and takes a second or two.
        response = b""
        try:
            response = provider.call(SERVICE + "Configure", request)
        except BaseException:
            provider.configured = None
            raise
        provider.configure_response = response
        if has_error(response):
            provider.configured = None  # the next attempt configures it anew
        return provider, response

    def call(self, provider: Provider, method: str, request: bytes) -> bytes:
        """Forward a call and keep the provider from being retired meanwhile."""
        with self._lock:
            self._busy[id(provider)] = self._busy.get(id(provider), 0) + 1
        try:
            return provider.call(method, request)
        finally:
            with self._lock:
                self._busy[id(provider)] -= 1

    def schema(self, environment: Mapping[str, str], request: bytes) -> bytes:
        """The provider's whole schema, asked for once."""
        if self._schema is None:
            provider = self.any(environment)
            with self._lock:
                if self._schema is None:
                    self._schema = provider.call(SERVICE + "GetSchema", request)
        return self._schema

    def status(self) -> list[dict[str, Any]]:
        return [
            {"pid": p.process.pid, "configured": p.configured is not None, "alive": p.process.poll() is None}
            for p in self._providers
        ]

    def close(self) -> None:
        with self._lock:
            for provider in self._providers:
                provider.close()
            self._providers = []


def end_orphans(folder: Path) -> list[int]:
    """End provider processes that a killed pool left behind; only ids that still are providers."""
    record = folder / "providers.json"
    if not record.exists():
        return []
    ended = []
    for pid in json.loads(record.read_text() or "[]"):
        listing = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
        if "terraform-provider-aws" in listing.stdout:
            os.kill(pid, signal.SIGKILL)
            ended.append(pid)
    record.unlink()
    return ended
