"""An interrupt ends the interrupted stack's calls and nobody else's; a server in use does not end by itself; mocks
get the schema that they need."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from orchestrator.warm import server, wire
from orchestrator.warm.pool import SERVICE, Pool
from orchestrator.warm.server import Server, Session


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A unix socket's path may have 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        yield Path(folder)


def provider(*, calls: int, users: set[str]) -> tuple[Any, list[str]]:
    heard: list[str] = []

    def call(method: str, request: bytes) -> bytes:
        heard.append(method)
        return b""

    return SimpleNamespace(calls=calls, users=users, alive=True, call=call), heard


@pytest.mark.parametrize(
    ("calls", "users", "expected"),
    [
        (1, {"mine"}, ["Stop"]),
        (1, {"mine", "another"}, []),
        (0, {"mine"}, []),
    ],
)
def test_stop_reaches_a_provider_only_for_a_call_of_one_s_own(
    monkeypatch: pytest.MonkeyPatch, calls: int, users: set[str], expected: list[str]
) -> None:
    monkeypatch.setattr(server, "STOP_GRACE_SECONDS", 0.0)
    session = Session("mine", None, {}, frozenset())  # type: ignore[arg-type]
    session._provider, heard = provider(calls=calls, users=users)
    assert session._stop("Stop", b"") == b""
    assert heard == expected


def test_a_server_is_idle_only_when_no_stack_talks_to_its_provider(tmp_path: Path) -> None:
    serving = Server(tmp_path, tmp_path / "provider", 1)
    session = Session("long", serving.pool, {}, frozenset())
    serving.sessions["long"] = session
    serving.used_at = session.used_at = time.monotonic() - 2 * server.IDLE_SECONDS
    assert serving.idle_seconds > server.IDLE_SECONDS
    session._answer("PrepareProviderConfig", "", b"", None)
    assert serving.idle_seconds < 60


def test_the_provider_does_not_validate_what_it_would_miss_blocks_in(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def call(provider: object, method: str, request: bytes) -> bytes:
        asked.append(request)
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
    assert asked == [request("aws_small"), request("aws_large")]


def echo(attached: dict[str, Any]) -> bytes:
    """What a terraform command would hear from a call that needs no provider."""
    (entry,) = attached.values()
    with grpc.insecure_channel(f"unix:{entry['Addr']['String']}") as channel:
        return bytes(channel.unary_unary(SERVICE + "PrepareProviderConfig")(b"said", timeout=10))


def test_a_stack_s_socket_is_open_while_its_command_runs(short_folder: Path) -> None:
    serving = Server(short_folder, short_folder / "provider", 1)
    first, other = (serving.attach(name, frozenset(), {}) for name in ("first", "other"))
    assert serving.attach("first", frozenset(), {}) == first, "attached already"
    assert echo(first) == b"said"
    serving.handle({"op": "release", "name": "first"})
    with pytest.raises(grpc.RpcError):
        echo(first)
    assert echo(other) == b"said"
    again = serving.attach("first", frozenset(), {})
    assert again not in (first, other)
    assert echo(again) == b"said"
    with pytest.raises(grpc.RpcError):
        echo(first)
    for name in ("first", "other", "nobody"):
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
def test_a_stack_reads_large_types_of_its_own_alone(
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


def test_an_environment_that_ends_takes_only_its_own_providers_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside it another one is at work, and a preview has left a stack of an AWS that is gone."""
    monkeypatch.setattr(server, "_answers", lambda environment: environment != {"aws": "of a preview"})
    serving = Server(tmp_path, tmp_path / "provider", 1)
    stacks = {"/r/build/one/a": "one", "/r/build/one-more/a": "more", "/r/build/dev/a": "of a preview"}
    ended: list[str] = []
    for name, aws in stacks.items():
        serving.sessions[name] = Session(name, serving.pool, {"aws": aws}, frozenset())
        running = SimpleNamespace(environment={"aws": aws}, close=lambda aws=aws: ended.append(aws), users=set())
        serving.pool._providers.append(running)  # type: ignore[arg-type]
    assert serving.handle({"op": "forget", "below": "/r/build/one/"}) == {"stopping": False}
    assert (list(serving.sessions), ended) == (["/r/build/one-more/a"], ["one", "of a preview"])
    assert serving.handle({"op": "forget", "below": "/r/build/one-more/"}) == {"stopping": True}
    assert ended == ["one", "of a preview", "more"]


def test_an_attached_stack_is_nobody_elses_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its AWS may just be too busy to answer."""
    monkeypatch.setattr(server, "_answers", lambda environment: False)
    serving = Server(tmp_path, tmp_path / "provider", 1)
    serving.sessions["/r/build/two/a"] = Session("/r/build/two/a", serving.pool, {}, frozenset())
    serving.doors["/r/build/two/a"] = SimpleNamespace(stop=lambda grace: None), ""  # type: ignore[assignment]
    assert serving.handle({"op": "forget", "below": "/r/build/one/"}) == {"stopping": False}
    assert list(serving.sessions) == ["/r/build/two/a"]
