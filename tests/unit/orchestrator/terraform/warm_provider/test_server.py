"""An interrupt ends only the interrupted stack's calls; a server in use keeps running; mocks get their schema."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from orchestrator.system import identity
from orchestrator.system.identity import Identity
from orchestrator.system.loopback_guard import NOTHING_OF_THIS_MACHINE
from orchestrator.terraform.record import Command, Record
from orchestrator.terraform.warm_provider import server, wire
from orchestrator.terraform.warm_provider.holder import Holder
from orchestrator.terraform.warm_provider.pool import SERVICE, Pool
from orchestrator.terraform.warm_provider.server import Server, Session


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A unix socket's path may have 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        yield Path(folder)


def provider(*, calls: int, users: set[str]) -> tuple[Any, list[str]]:
    received: list[str] = []

    def call(method: str, request: bytes) -> bytes:
        received.append(method)
        return b""

    return SimpleNamespace(calls=calls, users=users, alive=True, call=call), received


@pytest.mark.parametrize(
    ("calls", "users", "expected"),
    [
        (1, {"mine"}, ["Stop"]),
        (1, {"mine", "another"}, []),
        (0, {"mine"}, []),
    ],
)
def test_stop_reaches_a_provider_only_for_the_session_s_calls(
    monkeypatch: pytest.MonkeyPatch, calls: int, users: set[str], expected: list[str]
) -> None:
    monkeypatch.setattr(server, "STOP_GRACE_SECONDS", 0.0)
    pool: Any = None
    session = Session("mine", pool, {}, frozenset())
    session._provider, received = provider(calls=calls, users=users)
    assert session._stop("Stop", b"") == b""
    assert received == expected


def test_a_server_is_idle_only_when_no_stack_talks_to_its_provider(tmp_path: Path) -> None:
    serving = Server(tmp_path, tmp_path / "provider", 1)
    session = Session("long", serving.pool, {}, frozenset())
    serving.sessions["long"] = session
    serving.used_at = session.used_at = time.monotonic() - 2 * server.IDLE_SECONDS
    assert serving.is_idle
    serving.listeners["long"] = SimpleNamespace(stop=lambda grace: None), ""
    assert not serving.is_idle, "one call may take longer than that"
    serving.release("long")
    assert serving.is_idle
    session._answer("PrepareProviderConfig", "", b"", None)
    assert not serving.is_idle


def test_types_with_removed_blocks_are_not_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[bytes] = []

    def call(provider: object, method: str, request: bytes) -> bytes:
        requests.append(request)
        return b"refused"

    def request(name: str) -> bytes:
        return b"\x0a" + bytes([len(name)]) + name.encode()

    entry = request("aws_large")  # field 1 of the map's entry, as of the request
    schema = b"\x12" + bytes([len(entry)]) + entry
    monkeypatch.setattr(wire, "LARGE_BYTES", 5)
    pool = Pool(Path("provider"), Path(), 1)
    monkeypatch.setattr(pool, "schema", lambda *_: schema)
    monkeypatch.setattr(pool, "call", call)
    monkeypatch.setattr(pool, "any", lambda _: None)
    session = Session("mocked", pool, {}, frozenset({"aws_large"}))
    session.blocks = frozenset()
    session._answer("GetSchema", "", b"", None)
    assert session._answer("ValidateResourceTypeConfig", "", request("aws_large"), None) == b""
    assert session._answer("ValidateResourceTypeConfig", "", request("aws_small"), None) == b"refused"
    session.blocks = None
    session._answer("GetSchema", "", b"", None)
    assert session._answer("ValidateResourceTypeConfig", "", request("aws_large"), None) == b"refused"
    assert requests == [request("aws_small"), request("aws_large")]


def echo(attached: dict[str, Any]) -> bytes:
    """Return the response to a call that needs no provider."""
    (entry,) = attached.values()
    with grpc.insecure_channel(f"unix:{entry['Addr']['String']}") as channel:
        return bytes(channel.unary_unary(SERVICE + "PrepareProviderConfig")(b"echo", timeout=10))


def test_a_stack_s_socket_is_open_while_its_command_runs(short_folder: Path) -> None:
    serving = Server(short_folder, short_folder / "provider", 1)
    first, other = (serving.attach(name, frozenset(), NOTHING_OF_THIS_MACHINE) for name in ("first", "other"))
    assert serving.attach("first", frozenset(), NOTHING_OF_THIS_MACHINE) == first, "attached already"
    assert echo(first) == b"echo"
    serving.handle({"op": "release", "name": "first"})
    with pytest.raises(grpc.RpcError):
        echo(first)
    assert echo(other) == b"echo"
    again = serving.attach("first", frozenset(), NOTHING_OF_THIS_MACHINE)
    assert again not in (first, other)
    assert echo(again) == b"echo"
    with pytest.raises(grpc.RpcError):
        echo(first)
    for name in ("first", "other", "none"):
        assert serving.handle({"op": "release", "name": name}) == {"released": True}
    assert serving.handle({"op": "status"})["sessions"] == ["first", "other"]


@pytest.mark.parametrize(
    ("own", "served"),
    [
        (None, {"aws_large", "aws_larger", "aws_a"}),
        (frozenset(), {"aws_a"}),
        (frozenset({"aws_large"}), {"aws_large", "aws_a"}),
    ],
)
def test_a_stack_only_reads_its_own_large_types(
    monkeypatch: pytest.MonkeyPatch, own: frozenset[str] | None, served: set[str]
) -> None:
    def entry(name: str) -> bytes:
        payload = b"\x0a" + bytes([len(name)]) + name.encode()
        return b"\x12" + bytes([len(payload)]) + payload

    names = frozenset({"aws_large", "aws_larger", "aws_a"})
    monkeypatch.setattr(wire, "LARGE_BYTES", len(entry("aws_a")))
    schema = b"".join(map(entry, sorted(names)))
    pool: Any = SimpleNamespace(schema=lambda *_: schema)
    session = Session("stack", pool, {}, names)
    session._answer("GetSchema", "", b"", None)
    session.own = own
    assert wire.schema_types(session._answer("GetSchema", "", b"", None)) == served


def test_forgetting_an_environment_closes_only_its_providers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside it another one is at work, and a preview has left a stack of an AWS that is gone."""
    monkeypatch.setattr(server, "_answers", lambda environment: environment != {"aws": "of a preview"})
    serving = Server(tmp_path, tmp_path / "provider", 1)
    stacks = {"/r/build/one/a": "one", "/r/build/one-more/a": "more", "/r/build/dev/a": "of a preview"}
    ended: list[str] = []
    for name, aws in stacks.items():
        serving.sessions[name] = Session(name, serving.pool, {"aws": aws}, frozenset())
        running: Any = SimpleNamespace(environment={"aws": aws}, close=lambda aws=aws: ended.append(aws), users=set())
        serving.pool._providers.append(running)
    assert serving.handle({"op": "forget", "below": "/r/build/one/"}) == {"stopping": False}
    assert (list(serving.sessions), ended) == (["/r/build/one-more/a"], ["one", "of a preview"])
    assert serving.handle({"op": "forget", "below": "/r/build/one-more/"}) == {"stopping": True}
    assert ended == ["one", "of a preview", "more"]


def test_an_attached_stack_of_another_environment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its AWS may just be too busy to answer."""
    monkeypatch.setattr(server, "_answers", lambda environment: False)
    serving = Server(tmp_path, tmp_path / "provider", 1)
    serving.sessions["/r/build/two/a"] = Session("/r/build/two/a", serving.pool, {}, frozenset())
    serving.listeners["/r/build/two/a"] = SimpleNamespace(stop=lambda grace: None), ""
    assert serving.handle({"op": "forget", "below": "/r/build/one/"}) == {"stopping": False}
    assert list(serving.sessions) == ["/r/build/two/a"]


DEAD = Identity(identity.machine(), 2**22 + 1, "1")
"""No system gives such a number."""


def attach(serving: Server, held_by: Holder) -> dict[str, Any]:
    request = {
        "op": "attach",
        "name": "/build/one/a",
        "types": [],
        "environment": NOTHING_OF_THIS_MACHINE,
        "holder": held_by.document(),
    }
    attached: dict[str, Any] = serving.handle(request)["reattach"]
    return attached


def release(serving: Server, held_by: Holder) -> None:
    serving.handle({"op": "release", "name": "/build/one/a", "holder": held_by.document()})


@pytest.fixture
def sleeper() -> Iterator[Identity]:
    child = subprocess.Popen(["sleep", "60"])
    process = identity.of(child.pid)
    assert process is not None
    yield process
    child.kill()
    child.wait()


def test_another_run_does_not_get_an_attached_stack_s_provider(short_folder: Path, sleeper: Identity) -> None:
    serving = Server(short_folder, short_folder / "provider", 1)
    first, second = Holder(sleeper), Holder.own()
    address, other = attach(serving, first), attach(serving, second)
    assert address != other
    assert attach(serving, first) == address
    release(serving, second)
    assert echo(address) == b"echo"
    with pytest.raises(grpc.RpcError):
        echo(other)
    release(serving, first)
    assert serving.listeners == {}
    assert serving.handle({"op": "status"})["sessions"] == ["/build/one/a"]


def test_a_dead_holder_s_session_is_closed(short_folder: Path) -> None:
    serving = Server(short_folder, short_folder / "provider", 1)
    address = attach(serving, Holder(DEAD))
    assert attach(serving, Holder.own()) != address
    with pytest.raises(grpc.RpcError):
        echo(address)


def test_a_terraform_keeps_its_provider_when_its_run_is_dead(short_folder: Path, sleeper: Identity) -> None:
    serving = Server(short_folder, short_folder / "provider", 1)
    run = short_folder / "run"
    record = Record(run / "tools" / "0001-a-apply")
    record.begin(Command("a", "apply", (), "/root", "/build/one/a", None, None, "now"))
    record.started(sleeper)
    address = attach(serving, Holder(DEAD, run))
    serving.reap()
    assert serving.handle({"op": "forget", "below": "/build/one/"}) == {"stopping": False}
    assert echo(address) == b"echo"
    os.kill(sleeper.pid, signal.SIGKILL)
    while identity.life(sleeper) == "alive":
        time.sleep(0.01)
    serving.reap()
    with pytest.raises(grpc.RpcError):
        echo(address)
    assert serving.sessions == {}
    assert serving.stopping.is_set(), "its environment is gone, and it was the last"


def test_a_provider_that_died_is_replaced_with_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform continues after the lost calls."""
    requests: list[tuple[str, bytes]] = []
    started: list[Any] = []

    def configured(user: str, environment: object, request: bytes) -> tuple[Any, bytes]:
        started.append(SimpleNamespace(alive=True))
        requests.append((user, request))
        return started[-1], b"configured"

    another: Any = SimpleNamespace()
    pool: Any = SimpleNamespace(configured=configured, any=lambda _: another, release=lambda name: None)
    session = Session("mine", pool, {}, frozenset())
    assert session._current() is another, "nothing is configured yet"
    session._answer("Configure", "", b"mine alone", None)
    started[0].alive = False
    assert session._current() is started[1]
    assert requests == [("mine", b"mine alone")] * 2
    session.release()
    assert session._current() is another
