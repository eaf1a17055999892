"""Run provider processes in debug mode, one per configuration."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from orchestrator.core.environment import base_env
from orchestrator.system import own_files
from orchestrator.terraform.warm_provider.schemas import KeptSchema
from orchestrator.terraform.warm_provider.wire import has_error, provider_config

SERVICE = "/tfplugin5.Provider/"
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
START_TIMEOUT_SECONDS = 60
CALL_TIMEOUT_SECONDS = 3600
APPROVED_AT_MOST = 100_000


class ProviderDied(RuntimeError):
    """The provider process ended; the message has the end of its output."""


# Requests SIGKILL from Linux for the end of the server, however it ends (other systems use the pid file), and then
# becomes the provider. The check of the parent covers a server that ended before the request. Not a `preexec_fn`:
# forking a process in which gRPC has threads breaks its calls.
_LAUNCHER = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the server is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass
class Provider:
    """A running provider process."""

    process: subprocess.Popen[bytes]
    channel: grpc.Channel
    log: Path
    environment: Mapping[str, str]
    assigned: bytes | None = None
    """The configuration that it has or is about to get."""
    configured: bytes | None = None
    configure_response: bytes = b""
    users: set[str] = field(default_factory=set)
    """The sessions whose terraform command is running: for them it must keep its configuration."""
    calls: int = 0
    used_at: float = field(default_factory=time.monotonic)
    configuring: threading.Lock = field(default_factory=threading.Lock)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def idle(self) -> bool:
        return not self.users and not self.calls

    def call(self, method: str, request: bytes) -> bytes:
        """Forward an RPC as bytes. Raises `grpc.RpcError` (the provider's) or `ProviderDied`."""
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
            [sys.executable, "-S", "-c", _LAUNCHER, str(os.getpid()), str(binary), "-debug"],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=child_environment,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        match = re.search(r"TF_REATTACH_PROVIDERS='(.+)'", log.read_text(errors="replace"))
        if match:
            address = next(iter(json.loads(match[1]).values()))["Addr"]["String"]
            return Provider(process, grpc.insecure_channel(f"unix:{address}", UNLIMITED), log, environment)
        time.sleep(0.02)
    process.kill()
    raise ProviderDied(f"{binary.name} -debug did not start: {log.read_text(errors='replace')[-2000:]}")


class Pool:
    """Keep providers by configuration, and reconfigure an idle one for the next configuration.

    Reconfiguring takes a fiftieth of the time that a new process needs until its first response. A provider in use is
    never reconfigured: one process too many is better than a stack that is applied with another one's tags.

    Args:
        binary: the provider's executable.
        folder: private folder for sockets and logs.
        kept: the schema that an earlier server read.
        limit: maximum number of provider processes that are kept (250 to 600 MB each).
    """

    def __init__(self, binary: Path, folder: Path, limit: int, kept: KeptSchema | None = None) -> None:
        self._binary, self._folder, self._limit, self._kept = binary, folder, limit, kept
        self._providers: list[Provider] = []
        # Choosing may start a process, which takes a second; counting users must not wait for that.
        self._choosing = threading.Lock()
        self._counting = threading.Lock()
        self._schema: bytes | None = None
        self._approved: set[bytes] = set()

    def any(self, environment: Mapping[str, str]) -> Provider:
        """Return a provider for calls that need no configuration (schema, validation, state upgrades)."""
        with self._choosing:
            alive = [p for p in self._providers if p.alive and p.environment == environment]
            return alive[0] if alive else self._start(environment)

    def configured(self, user: str, environment: Mapping[str, str], request: bytes) -> tuple[Provider, bytes]:
        """Return a provider with exactly this configuration, reserved for `user`, and its response to `Configure`."""
        key = provider_config(request)
        self.release(user)
        with self._choosing:
            provider = self._choose(environment, key)
            with self._counting:
                provider.assigned = key
                provider.users.add(user)
        with provider.configuring:  # users of the same configuration wait for the first one's response
            if provider.configured == key:
                return provider, provider.configure_response
            provider.configured = None
            try:
                response = self.call(provider, SERVICE + "Configure", request)
            except BaseException:
                provider.assigned = None
                raise
            provider.configure_response = response
            if has_error(response):
                provider.assigned = None  # the next attempt configures it again
            else:
                provider.configured = key
            return provider, response

    def release(self, user: str) -> None:
        """Free the provider of a user whose terraform command has ended."""
        with self._counting:
            for provider in self._providers:
                provider.users.discard(user)

    def call(self, provider: Provider, method: str, request: bytes) -> bytes:
        """Forward a call; during it the provider counts as in use."""
        with self._counting:
            provider.calls += 1
        try:
            return provider.call(method, request)
        finally:
            with self._counting:
                provider.calls -= 1

    def validated(self, provider: Callable[[], Provider], method: str, request: bytes) -> bytes:
        """Return the response to a validation, which depends only on its request: it precedes any configuration.

        The two walks of a plan and each `run` of a test repeat the same requests. A response without diagnostics is
        cached; diagnostics come from the provider each time.
        """
        key = hashlib.sha256(method.encode() + b"\0" + request).digest()
        if key in self._approved:
            return b""
        response = self.call(provider(), method, request)
        if not response:
            if len(self._approved) >= APPROVED_AT_MOST:
                self._approved = set()
            self._approved.add(key)
        return response

    def keep(self, environments: Collection[Mapping[str, str]]) -> None:
        """End the providers of all other environments."""
        with self._choosing:
            for provider in [each for each in self._providers if each.environment not in environments]:
                self._providers.remove(provider)
                provider.close()

    def _choose(self, environment: Mapping[str, str], key: bytes) -> Provider:
        self._providers = [p for p in self._providers if p.alive]
        ours = [p for p in self._providers if p.environment == environment]
        for assigned in (key, None):
            for provider in ours:
                if provider.assigned == assigned:
                    return provider
        idle = sorted((p for p in self._providers if p.idle), key=lambda p: p.used_at)
        for provider in idle:  # the longest unused first: the others' configurations are more likely to be needed again
            if provider.environment == environment:
                return provider
        if idle and len(self._providers) >= self._limit:
            self._providers.remove(idle[0])
            idle[0].close()
        return self._start(environment)

    def _start(self, environment: Mapping[str, str]) -> Provider:
        provider = start(self._binary, environment, self._folder)
        self._providers.append(provider)
        pids = [provider.process.pid for provider in self._providers]
        (self._folder / "providers.json").write_text(json.dumps(pids))
        return provider

    def schema(self, environment: Mapping[str, str], request: bytes) -> bytes:
        """Return the provider's whole schema, which is requested once."""
        if self._schema is None and self._kept:
            self._schema = self._kept.read(request)
        if self._schema is None:
            provider = self.any(environment)
            with self._choosing:
                if self._schema is None:
                    self._schema = self.call(provider, SERVICE + "GetSchema", request)
                    if self._kept:
                        self._kept.write(request, self._schema)
        return self._schema

    def status(self) -> list[dict[str, Any]]:
        return [
            {"pid": p.process.pid, "configured": p.configured is not None, "alive": p.alive, "users": len(p.users)}
            for p in self._providers
        ]

    def close(self) -> None:
        with self._choosing:
            for provider in self._providers:
                provider.close()
            self._providers = []


def end_orphans(folder: Path) -> list[int]:
    """Kill the provider processes that a killed pool left behind; ids that are not providers any more are skipped."""
    record = folder / "providers.json"
    if not record.exists():
        return []
    ended = []
    known = own_files.remembered(record)
    for pid in known if isinstance(known, list) else []:
        command = ["ps", "-p", str(pid), "-o", "args="]
        listing = subprocess.run(command, env=base_env(), capture_output=True, text=True, check=False)
        if "terraform-provider-aws" in listing.stdout:
            os.kill(pid, signal.SIGKILL)
            ended.append(pid)
    record.unlink()
    return ended
