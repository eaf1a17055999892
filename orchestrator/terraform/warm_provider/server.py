"""The background process: a gRPC proxy per attached stack, and a control socket to ask for one."""

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
"""Between the name of a stack and the number of a session beside its first one."""
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
        self.stack = name
        self.holder: Holder | None = None
        self.forgotten = False
        """Its environment's AWS has gone while it was attached: it goes when its command has ended."""
        self._configuration: bytes | None = None
        """What the terraform command at work has configured its provider with."""
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
        """The provider of the last `Configure`, any before that. One that died is replaced by its like: terraform
        goes on after the calls that were lost with it, and must not meet another one's configuration then.
        """
        if self._provider is None or not self._provider.alive:
            if self._configuration is None:
                return self.pool.any(self.environment)
            self._provider, _ = self.pool.configured(self.name, self.environment, self._configuration)
        return self._provider

    def release(self) -> None:
        """Its terraform command has ended: the provider may get another configuration."""
        self._provider = self._configuration = None
        self.pool.release(self.name)

    @property
    def is_needed(self) -> bool:
        """Whether the command that it was attached for may still be at work, for all that is known."""
        return self.holder is None or self.holder.needs(self.stack)

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
        holder: Holder | None = None,
    ) -> dict[str, Any]:
        """`TF_REATTACH_PROVIDERS` for one stack; one that its holder has attached keeps its socket and gets the new
        types. What another holder's terraform is talking to is not touched.
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

    def _free_name(self, stack: str, holder: Holder | None) -> str:
        """The stack's own name, or where another holder has attached that, one beside it."""
        for number in itertools.count(1):
            name = stack if number == 1 else f"{stack}{_BESIDE}{number}"
            if name not in self.doors or self.sessions[name].holder == holder:
                return name
        raise AssertionError("count never ends")

    def release(self, stack: str, holder: Holder | None = None) -> None:
        """A stack's terraform command has ended. Without a holder: all of them."""
        for name, session in list(self.sessions.items()):
            if session.stack == stack and (holder is None or session.holder == holder):
                self._close(name)

    def _close(self, name: str) -> None:
        if name in self.doors:
            server, _ = self.doors.pop(name)
            server.stop(0)
        session = self.sessions[name]
        session.release()
        if session.forgotten or _BESIDE in name:
            del self.sessions[name]
        if session.forgotten:
            self._tidy()

    def reap(self) -> None:
        """Release what nobody has released, and nobody can: run and terraform were killed."""
        for name in list(self.doors):
            if name in self.sessions and not self.sessions[name].is_needed:
                self._close(name)

    def forget(self, beginning: str) -> None:
        """An environment's AWS is gone: end what served its stacks alone, and the server where no other is left.

        So with stacks of any other AWS that is gone, such as a preview's. What a terraform talks to stays until that
        has ended.
        """
        for name, session in list(self.sessions.items()):
            if name in self.doors and session.is_needed:
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
        """Nothing is attached, and nobody has asked for anything for long, here or through a stack's socket."""
        sessions = [session.used_at for session in self.sessions.values()]
        return not self.doors and time.monotonic() - max([self.used_at, *sessions]) > IDLE_SECONDS

    def serve(self) -> None:
        """Answer until told to stop, or until nothing is attached and nobody asked for a quarter of an hour."""
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
                        answer = self.handle(json.loads(stream.readline()))
                    except (ValueError, KeyError) as error:
                        answer = {"error": str(error)}
                    stream.write(json.dumps(answer) + "\n")
        finally:
            control.unlink(missing_ok=True)
            for server, _ in self.doors.values():
                server.stop(0)
            self.pool.close()


def _stack(name: str) -> str:
    return name.partition(_BESIDE)[0]


def _holder(request: Mapping[str, Any]) -> Holder | None:
    return Holder.read(request["holder"]) if "holder" in request else None


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
