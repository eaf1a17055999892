"""The background process: a gRPC proxy per attached stack, and a control socket to request one."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping
from concurrent import futures
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc

from orchestrator.terraform.warm_provider.guard import check_environment
from orchestrator.terraform.warm_provider.holder import Holder
from orchestrator.terraform.warm_provider.pool import SERVICE, UNLIMITED, Pool, Provider, ProviderDied, end_orphans
from orchestrator.terraform.warm_provider.schemas import KeptSchema
from orchestrator.terraform.warm_provider.wire import cut_large_types, large_types, narrow_schema, validated_type

PROVIDER_ADDRESS = "registry.terraform.io/hashicorp/aws"
IDLE_SECONDS = 900
REAP_SECONDS = 5
_BESIDE = "\0"
"""Separates a stack's name from the number of an additional session."""
CALLS_AT_ONCE = 1024
"""A terraform command makes ten; threads are created on demand."""
STOP_GRACE_SECONDS = 4.0
"""Creating a resource takes the emulator milliseconds; under load and with retries, up to this long."""


class Session(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    """Proxy the provider calls of one stack's terraform commands.

    A stack runs one command at a time, and a command has one provider configuration; so the last `Configure` of a
    session determines the provider of its later calls.

    Attributes:
        own: the types that the stack itself may hold. It gets large types, which take a terraform command a third of
            a second to read, only if they are among these. `None`: all in `types`.
        blocks: for mocked providers only: the names of nested blocks in use. Large types lose all others, and the
            provider's own validation with them, because it would report the missing blocks.
    """

    def __init__(self, name: str, pool: Pool, environment: Mapping[str, str], types: frozenset[str]) -> None:
        self.name, self.pool, self.environment, self.types = name, pool, environment, types
        self.stack = name
        self.holder: Holder | None = None
        self.forgotten = False
        """Its environment's AWS was stopped while it was attached: it is removed when its command has ended."""
        self._configuration: bytes | None = None
        """The provider configuration of the running terraform command."""
        self.own: frozenset[str] | None = None
        self.blocks: frozenset[str] | None = None
        self._cut: frozenset[str] = frozenset()
        self.used_at = time.monotonic()
        self._provider: Provider | None = None
        self._schema: tuple[tuple[frozenset[str] | None, ...], bytes] | None = None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = handler_call_details.method
        if method == "/grpc.health.v1.Health/Check":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")
        if not method.startswith(SERVICE):
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(method.removeprefix(SERVICE), method, request, context)
        )

    def _answer(self, name: str, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.used_at = time.monotonic()
        try:
            match name:
                case "GetSchema":
                    return self._narrowed(request)
                case "ValidateResourceTypeConfig" if validated_type(request) in self._cut:
                    return b""
                case "ValidateResourceTypeConfig" | "ValidateDataSourceConfig":
                    return self.pool.validated(self._current, method, request)
                case "PrepareProviderConfig":
                    # Request field 1 (config) and response field 1 (prepared_config) are the same message.
                    return request
                case "Stop":
                    return self._stop(method, request)
                case "Configure":
                    self._configuration = request
                    self._provider, response = self.pool.configured(self.name, self.environment, request)
                    return response
                case _:
                    return self.pool.call(self._current(), method, request)
        except ProviderDied as error:
            self._provider = None
            context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
        raise AssertionError("context.abort raises")

    def _stop(self, method: str, request: bytes) -> bytes:
        """Forward an interrupt of terraform, so that the provider ends its waits, some of which last a minute.

        Without it, terraform would wait for them, and be killed before it could store its state. Forwarded at once,
        it would cut off calls in progress: resources would exist that are in no state. So short calls may finish
        first. The provider accepts the signal again afterwards and stays usable.
        """
        provider, deadline = self._provider, time.monotonic() + STOP_GRACE_SECONDS
        if provider is None:
            return b""
        while provider.calls and time.monotonic() < deadline:
            time.sleep(0.05)
        if not provider.calls or not provider.alive or provider.users - {self.name}:
            return b""  # a stack of the same configuration uses it: its calls must not be cancelled
        # Not through the pool, which would count this call as in progress.
        return provider.call(method, request)

    def _current(self) -> Provider:
        """Return the provider of the last `Configure`, or any before that.

        A provider that died is replaced by one of the same configuration: terraform continues after the lost calls, and
        must not reach a provider with another configuration.
        """
        if self._provider is None or not self._provider.alive:
            if self._configuration is None:
                return self.pool.any(self.environment)
            self._provider, _ = self.pool.configured(self.name, self.environment, self._configuration)
        return self._provider

    def release(self) -> None:
        """Free the provider for other configurations, after the terraform command has ended."""
        self._provider = self._configuration = None
        self.pool.release(self.name)

    @property
    def is_needed(self) -> bool:
        """Return whether the command that it was attached for may still be running."""
        return self.holder is None or self.holder.needs(self.stack)

    def _narrowed(self, request: bytes) -> bytes:
        selection = self.types, self.own, self.blocks
        if self._schema is None or self._schema[0] != selection:
            schema = narrow_schema(self.pool.schema(self.environment, request), self.types)
            large = large_types(schema, self.types)
            if self.own is not None and large - self.own:
                schema = narrow_schema(schema, self.types - (large - self.own))
            self._cut = frozenset() if self.blocks is None else large
            if self.blocks is not None:
                schema = cut_large_types(schema, self.blocks)
            self._schema = selection, schema
        return self._schema[1]


class Server:
    """Serve sessions by name, and a control socket that takes one JSON object per connection.

    A session's socket is open only while its terraform command runs: an open socket costs CPU time even without calls,
    and a command that outlives its release must not reach a provider that has another configuration by then.
    """

    def __init__(self, folder: Path, binary: Path, limit: int) -> None:
        self.folder = folder
        end_orphans(folder)
        # Outside of the checkout's folder: all checkouts share the provider.
        schemas = folder.parent / f"mlops-warm-schemas-{os.getuid()}"
        self.pool = Pool(binary, folder, limit, KeptSchema(schemas, binary))
        self.sessions: dict[str, Session] = {}
        self.listeners: dict[str, tuple[grpc.Server, str]] = {}
        """The gRPC servers of the attached sessions, and their sockets."""
        self._opened = 0
        self._workers = futures.ThreadPoolExecutor(CALLS_AT_ONCE)
        self.used_at = time.monotonic()
        self.stopping = threading.Event()

    def attach(
        self,
        name: str,
        types: frozenset[str],
        environment: Mapping[str, str],
        blocks: frozenset[str] | None = None,
        own: frozenset[str] | None = None,
        holder: Holder | None = None,
    ) -> dict[str, Any]:
        """Attach a stack and return the value of `TF_REATTACH_PROVIDERS`.

        A stack that the same holder has attached keeps its socket and gets the new types. Other holders' sessions
        do not change.
        """
        check_environment(environment)
        self.reap()
        name = self._free_name(name, holder)
        session = self.sessions.setdefault(name, Session(name, self.pool, environment, types))
        session.stack, session.holder, session.types = _stack(name), holder, types
        if session.environment != environment:
            session.environment, session._provider = environment, None
        session.blocks, session.own = blocks, own
        return {
            PROVIDER_ADDRESS: {
                "Protocol": "grpc",
                "ProtocolVersion": 5,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": self._socket(session)},
            }
        }

    def _socket(self, session: Session) -> str:
        """Return the socket of an attached session, which is opened on demand."""
        if session.name not in self.listeners:
            address = str(self.folder / f"s{self._opened}.sock")
            self._opened += 1
            Path(address).unlink(missing_ok=True)
            server = grpc.server(self._workers, options=UNLIMITED)
            server.add_generic_rpc_handlers((session,))
            server.add_insecure_port(f"unix:{address}")
            server.start()
            self.listeners[session.name] = server, address
        return self.listeners[session.name][1]

    def _free_name(self, stack: str, holder: Holder | None) -> str:
        """Return the stack's name, or one with a number if another holder has attached that."""
        for number in itertools.count(1):
            name = stack if number == 1 else f"{stack}{_BESIDE}{number}"
            if name not in self.listeners or self.sessions[name].holder == holder:
                return name
        raise AssertionError("count never ends")

    def release(self, stack: str, holder: Holder | None = None) -> None:
        """Close a stack's session after its terraform command has ended; without a holder, all its sessions."""
        for name, session in list(self.sessions.items()):
            if session.stack == stack and (holder is None or session.holder == holder):
                self._close(name)

    def _close(self, name: str) -> None:
        if name in self.listeners:
            server, _ = self.listeners.pop(name)
            server.stop(0)
        session = self.sessions[name]
        session.release()
        if session.forgotten or _BESIDE in name:
            del self.sessions[name]
        if session.forgotten:
            self._tidy()

    def reap(self) -> None:
        """Close the sessions whose run and terraform were killed before they could release them."""
        for name in list(self.listeners):
            if name in self.sessions and not self.sessions[name].is_needed:
                self._close(name)

    def forget(self, beginning: str) -> None:
        """Close the sessions of an environment whose AWS was stopped, and stop the server if none is left.

        Also closes sessions of any other AWS that is gone, such as a preview's. A session in use stays until its
        terraform has ended.
        """
        for name, session in list(self.sessions.items()):
            if name in self.listeners and session.is_needed:
                session.forgotten = name.startswith(beginning)
            elif name.startswith(beginning) or not _answers(session.environment):
                self._close(name)
                self.sessions.pop(name, None)
        self._tidy()

    def _tidy(self) -> None:
        self.pool.keep([session.environment for session in self.sessions.values()])
        if not self.sessions:
            self.stopping.set()

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        self.used_at = time.monotonic()
        match request.get("op"):
            case "attach":
                blocks = frozenset(request["blocks"]) if "blocks" in request else None
                own = frozenset(request["own"]) if "own" in request else None
                types = frozenset(request["types"])
                attached = self.attach(request["name"], types, request["environment"], blocks, own, _holder(request))
                return {"reattach": attached}
            case "release":
                self.release(request["name"], _holder(request))
                return {"released": True}
            case "forget":
                self.forget(request["below"])
                return {"stopping": self.stopping.is_set()}
            case "status":
                return {
                    "pid": os.getpid(),
                    "sessions": sorted(self.sessions),
                    "providers": self.pool.status(),
                }
            case "stop":
                self.stopping.set()
                return {"stopping": True}
            case other:
                return {"error": f"unknown operation {other!r}"}

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is attached and there was no request for long, here or through a stack's socket."""
        sessions = [session.used_at for session in self.sessions.values()]
        return not self.listeners and time.monotonic() - max([self.used_at, *sessions]) > IDLE_SECONDS

    def serve(self) -> None:
        """Serve until a stop request, or until nothing is attached and no request came for a quarter of an hour."""
        control = self.folder / "control.sock"
        control.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(control))
        listener.listen(16)
        listener.settimeout(1)
        reaped_at = time.monotonic()
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        try:
            while not self.stopping.is_set() and not self.is_idle:
                if time.monotonic() - reaped_at > REAP_SECONDS:
                    reaped_at = time.monotonic()
                    self.reap()
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection, connection.makefile("rw") as stream:
                    try:
                        response = self.handle(json.loads(stream.readline()))
                    except (ValueError, KeyError) as error:
                        response = {"error": str(error)}
                    stream.write(json.dumps(response) + "\n")
        finally:
            control.unlink(missing_ok=True)
            for server, _ in self.listeners.values():
                server.stop(0)
            self.pool.close()


def _stack(name: str) -> str:
    return name.partition(_BESIDE)[0]


def _holder(request: Mapping[str, Any]) -> Holder | None:
    return Holder.read(request["holder"]) if "holder" in request else None


def _answers(environment: Mapping[str, str]) -> bool:
    """Return whether an environment's AWS accepts connections; `True` without an endpoint."""
    address = urlsplit(environment.get("AWS_ENDPOINT_URL", ""))
    if address.hostname is None:
        return True
    try:
        with socket.create_connection((address.hostname, address.port or 80), timeout=1):
            return True
    except OSError:
        return False
