"""The background process: a gRPC proxy per attached stack, and a control socket to ask for one."""

from __future__ import annotations

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

from orchestrator.warm.guard import check_environment
from orchestrator.warm.pool import SERVICE, UNLIMITED, Pool, Provider, ProviderDied, end_orphans
from orchestrator.warm.schemas import KeptSchema
from orchestrator.warm.wire import cut_large_types, large_types, narrow_schema, validated_type

PROVIDER_ADDRESS = "registry.terraform.io/hashicorp/aws"
IDLE_SECONDS = 900
CALLS_AT_ONCE = 1024
"""A terraform command makes ten; threads are made as they are needed."""
STOP_GRACE_SECONDS = 4.0
"""Creating one thing takes the emulator milliseconds; under load and with retries, this long."""


class Session(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    """What one stack's terraform commands talk to.

    One stack runs one command at a time, and a command has one provider configuration; so the last
    `Configure` of a session tells where its later calls belong.

    Attributes:
        own: what the stack itself may hold: it gets large types (a terraform command reads them for a third of a
            second) only from among these. `None`: whatever is in `types`.
        blocks: for mocked providers alone: names of nested blocks in use. Large types lose all others, and with
            them the provider's own validation, since it would miss the rest.
    """

    def __init__(self, name: str, pool: Pool, environment: Mapping[str, str], types: frozenset[str]) -> None:
        self.name, self.pool, self.environment, self.types = name, pool, environment, types
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
        """Terraform was interrupted: let the provider give up its waits, some of which last a minute.

        Not heard, terraform would wait for them, and be killed before it could store its state. Heard at
        once, calls would be cut off while they are carried out: things would exist that no state knows. So
        what is quick may end first. The provider listens for this signal anew afterwards and stays usable.
        """
        provider, deadline = self._provider, time.monotonic() + STOP_GRACE_SECONDS
        if provider is None:
            return b""
        while provider.calls and time.monotonic() < deadline:
            time.sleep(0.05)
        if not provider.calls or not provider.alive or provider.users - {self.name}:
            return b""  # a stack of the same configuration is at work on it: its calls are not ours to end
        # Outside the pool's account of busy providers: the call in progress is the very one to end.
        return provider.call(method, request)

    def _current(self) -> Provider:
        """The provider of the last `Configure`; any will do before that, or after it died."""
        if self._provider is None or not self._provider.alive:
            self._provider = None
            return self.pool.any(self.environment)
        return self._provider

    def release(self) -> None:
        """Its terraform command has ended: the provider may get another configuration."""
        self._provider = None
        self.pool.release(self.name)

    def _narrowed(self, request: bytes) -> bytes:
        wanted = self.types, self.own, self.blocks
        if self._schema is None or self._schema[0] != wanted:
            schema = narrow_schema(self.pool.schema(self.environment, request), self.types)
            large = large_types(schema, self.types)
            if self.own is not None and large - self.own:
                schema = narrow_schema(schema, self.types - (large - self.own))
            self._cut = frozenset() if self.blocks is None else large
            if self.blocks is not None:
                schema = cut_large_types(schema, self.blocks)
            self._schema = wanted, schema
        return self._schema[1]


class Server:
    """Sessions by name, behind a control socket that speaks one JSON object per connection.

    A session's own socket is open while its terraform command runs: an open one costs CPU time even if nobody calls,
    and a command that outlived its release must not reach a provider which by now holds another configuration.
    """

    def __init__(self, folder: Path, binary: Path, limit: int) -> None:
        self.folder = folder
        end_orphans(folder)
        # Beside the folders of all checkouts: they have the provider in common.
        schemas = folder.parent / f"mlops-warm-schemas-{os.getuid()}"
        self.pool = Pool(binary, folder, limit, KeptSchema(schemas, binary))
        self.sessions: dict[str, Session] = {}
        self.doors: dict[str, tuple[grpc.Server, str]] = {}
        """Of the sessions that are attached: their server and its socket."""
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
    ) -> dict[str, Any]:
        """`TF_REATTACH_PROVIDERS` for one stack; an attached one keeps its socket and gets the new types."""
        check_environment(environment)
        session = self.sessions.setdefault(name, Session(name, self.pool, environment, types))
        session.types = types
        if session.environment != environment:
            session.environment, session._provider = environment, None
        session.blocks, session.own = blocks, own
        return {
            PROVIDER_ADDRESS: {
                "Protocol": "grpc",
                "ProtocolVersion": 5,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": self._door(session)},
            }
        }

    def _door(self, session: Session) -> str:
        """The socket of an attached session."""
        if session.name not in self.doors:
            address = str(self.folder / f"s{self._opened}.sock")
            self._opened += 1
            Path(address).unlink(missing_ok=True)
            server = grpc.server(self._workers, options=UNLIMITED)
            server.add_generic_rpc_handlers((session,))
            server.add_insecure_port(f"unix:{address}")
            server.start()
            self.doors[session.name] = server, address
        return self.doors[session.name][1]

    def release(self, name: str) -> None:
        """A stack's terraform command has ended."""
        if name in self.doors:
            server, _ = self.doors.pop(name)
            server.stop(0)
        if name in self.sessions:
            self.sessions[name].release()

    def forget(self, beginning: str) -> None:
        """An environment's AWS is gone: end what served its stacks alone, and the server where no other is left.

        So with stacks of any other AWS that is gone, such as a preview's.
        """
        for name, session in list(self.sessions.items()):
            if name.startswith(beginning) or (name not in self.doors and not _answers(session.environment)):
                self.release(name)
                del self.sessions[name]
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
                return {"reattach": self.attach(request["name"], types, request["environment"], blocks, own)}
            case "release":
                self.release(request["name"])
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
    def idle_seconds(self) -> float:
        """Since anybody asked for anything, here or through a stack's socket: one attachment may serve for hours."""
        sessions = [session.used_at for session in self.sessions.values()]
        return time.monotonic() - max([self.used_at, *sessions])

    def serve(self) -> None:
        """Answer until told to stop, or until nobody asked for a quarter of an hour."""
        control = self.folder / "control.sock"
        control.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(control))
        listener.listen(16)
        listener.settimeout(1)
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        try:
            while not self.stopping.is_set() and self.idle_seconds < IDLE_SECONDS:
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection, connection.makefile("rw") as stream:
                    try:
                        answer = self.handle(json.loads(stream.readline()))
                    except (ValueError, KeyError) as error:
                        answer = {"error": str(error)}
                    stream.write(json.dumps(answer) + "\n")
        finally:
            control.unlink(missing_ok=True)
            for server, _ in self.doors.values():
                server.stop(0)
            self.pool.close()


def _answers(environment: Mapping[str, str]) -> bool:
    """Whether somebody listens at its AWS; also where it has none."""
    address = urlsplit(environment.get("AWS_ENDPOINT_URL", ""))
    if address.hostname is None:
        return True
    try:
        with socket.create_connection((address.hostname, address.port or 80), timeout=1):
            return True
    except OSError:
        return False
