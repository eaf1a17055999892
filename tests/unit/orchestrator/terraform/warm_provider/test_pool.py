"""The choice of a provider for a configuration; the processes are fakes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.terraform.warm_provider import pool as pools
from orchestrator.terraform.warm_provider.pool import Pool, Provider, end_orphans

LOCAL = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
OTHER = {"AWS_ENDPOINT_URL": "http://127.0.0.1:2"}
REFUSED = bytes([10, 2, 8, 1])
"""A `Configure` response with one diagnostic of severity ERROR."""


class FakeProcess:
    def __init__(self, pid: int) -> None:
        self.pid, self.code = pid, None

    def poll(self) -> int | None:
        return self.code


class FakeProvider(Provider):
    answer = b""
    gate: threading.Event | None = None

    def __init__(self, pid: int, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(FakeProcess(pid), None, log, environment)  # type: ignore[arg-type]
        self.got: list[tuple[str, bytes]] = []

    def call(self, method: str, request: bytes) -> bytes:
        if self.gate is not None:
            assert self.gate.wait(5)
        self.got.append((method.rsplit("/", 1)[-1], request))
        return type(self).answer

    def close(self) -> None:
        self.process.code = -15  # type: ignore[attr-defined]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeProvider]:
    made: list[FakeProvider] = []

    def start(binary: Path, environment: Mapping[str, str], folder: Path) -> FakeProvider:
        made.append(FakeProvider(len(made), environment, tmp_path / "log"))
        return made[-1]

    monkeypatch.setattr(pools, "start", start)
    monkeypatch.setattr(FakeProvider, "answer", b"")
    monkeypatch.setattr(FakeProvider, "gate", None)
    return made


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(Path("provider"), tmp_path, limit=2)


def request(configuration: bytes) -> bytes:
    """Field 2, as terraform sends the provider block."""
    return bytes([18, len(configuration)]) + configuration


def test_one_configuration_is_configured_once(pool: Pool, started: list[FakeProvider]) -> None:
    first, _ = pool.configured("a", LOCAL, request(b"x"))
    second, _ = pool.configured("b", LOCAL, request(b"x"))
    assert first is second
    assert [name for name, _ in started[0].got] == ["Configure"]


def test_the_longest_unused_provider_is_reconfigured(pool: Pool, started: list[FakeProvider]) -> None:
    pool.configured("a", LOCAL, request(b"x"))
    pool.configured("b", LOCAL, request(b"y"))
    started[0].used_at, started[1].used_at = 1.0, 2.0
    pool.release("a")
    pool.release("b")
    third, _ = pool.configured("c", LOCAL, request(b"z"))
    assert third is started[0]
    assert third.configured == b"z"
    assert len(started) == 2


def test_no_process_is_started_while_one_is_unused(tmp_path: Path, started: list[FakeProvider]) -> None:
    pool = Pool(Path("provider"), tmp_path, limit=9)
    for configuration in (b"x", b"y", b"z"):
        provider, _ = pool.configured("a", LOCAL, request(configuration))
        assert provider.configured == configuration
    assert len(started) == 1
    pool.configured("b", LOCAL, request(b"x"))
    assert [provider.configured for provider in started] == [b"z", b"x"], "the first is in use"
    pool.release("a")
    started[0].calls = 1  # of a terraform that was killed in between
    pool.configured("c", LOCAL, request(b"y"))
    assert [provider.configured for provider in started] == [b"z", b"x", b"y"]


def test_a_provider_in_use_keeps_its_configuration_whatever_the_limit(pool: Pool, started: list[FakeProvider]) -> None:
    for user, configuration in (("a", b"x"), ("b", b"y"), ("c", b"z")):
        pool.configured(user, LOCAL, request(configuration))
    assert [provider.configured for provider in started] == [b"x", b"y", b"z"]


def test_another_endpoint_never_gets_a_used_process(pool: Pool, started: list[FakeProvider]) -> None:
    pool.configured("a", LOCAL, request(b"x"))
    pool.configured("b", LOCAL, request(b"y"))
    pool.release("a")
    pool.release("b")
    third, _ = pool.configured("c", OTHER, request(b"x"))
    assert third is started[2]
    assert [provider.alive for provider in started].count(False) == 1


def test_a_failed_configuration_is_repeated(
    pool: Pool, started: list[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeProvider, "answer", REFUSED)
    assert pool.configured("a", LOCAL, request(b"x"))[1] == REFUSED
    monkeypatch.setattr(FakeProvider, "answer", b"")
    assert pool.configured("a", LOCAL, request(b"x"))[1] == b""
    assert len(started) == 1


def test_the_second_of_two_stacks_waits_until_the_provider_is_configured(
    pool: Pool, started: list[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(FakeProvider, "gate", gate)
    done: list[str] = []

    def configure(user: str) -> None:
        pool.configured(user, LOCAL, request(b"x"))
        done.append(user)

    threads = [threading.Thread(target=configure, args=(user,)) for user in ("a", "b")]
    for thread in threads:
        thread.start()
    threads[1].join(0.2)
    assert done == [], "a provider that is not configured yet must not be used"
    gate.set()
    for thread in threads:
        thread.join(5)
    assert sorted(done) == ["a", "b"]
    assert len(started[0].got) == 1


def test_a_dead_provider_is_replaced(pool: Pool, started: list[FakeProvider]) -> None:
    pool.configured("a", LOCAL, request(b"x"))
    started[0].close()
    again, _ = pool.configured("a", LOCAL, request(b"x"))
    assert again is started[1]


def test_only_a_validation_with_diagnostics_is_repeated(
    pool: Pool, started: list[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    def validated(method: str, request: bytes) -> bytes:
        return pool.validated(lambda: pool.any(LOCAL), method, request)

    assert [validated("Resource", b"good") for _ in range(3)] == [b"", b"", b""]
    assert started[0].got == [("Resource", b"good")]
    monkeypatch.setattr(FakeProvider, "answer", REFUSED)
    assert validated("Resource", b"good") == b""
    assert [validated("Resource", b"bad") for _ in range(2)] == [REFUSED, REFUSED]
    assert validated("DataSource", b"good") == REFUSED, "the same bytes about something else"
    monkeypatch.setattr(FakeProvider, "answer", b"")
    assert validated("Resource", b"bad") == b""
    assert len(started[0].got) == 5


def test_the_cache_of_validations_is_limited(
    pool: Pool, started: list[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "APPROVED_AT_MOST", 2)
    for request in (b"a", b"b", b"c", b"c", b"a"):
        pool.validated(lambda: pool.any(LOCAL), "Resource", request)
    assert [request for _, request in started[0].got] == [b"a", b"b", b"c", b"a"]


@pytest.mark.parametrize("content", ["", "[47", "{}", "null"])
def test_a_truncated_list_of_providers_kills_no_process(tmp_path: Path, content: str) -> None:
    (tmp_path / "providers.json").write_text(content)
    assert end_orphans(tmp_path) == []
    assert not (tmp_path / "providers.json").exists()


def test_a_provider_does_not_start_after_its_server_has_ended(tmp_path: Path) -> None:
    made = tmp_path / "made"
    program = tmp_path / "provider"
    program.write_text(f"#!/bin/sh\ntouch {made}\n")
    program.chmod(0o700)
    for server, begins in ((os.getpid(), True), (os.getppid(), False)):
        made.unlink(missing_ok=True)
        done = subprocess.run([sys.executable, "-S", "-c", pools._LAUNCHER, str(server), str(program)], check=False)
        assert (done.returncode == 0, made.exists()) == (begins, begins)
