"""An interrupt ends the interrupted stack's calls and nobody else's; a server in use does not end by itself."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.warm import server
from orchestrator.warm.server import Server, Session


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
    serving.sessions["long"] = session, None, ""
    serving.used_at = session.used_at = time.monotonic() - 2 * server.IDLE_SECONDS
    assert serving.idle_seconds > server.IDLE_SECONDS
    session._answer("PrepareProviderConfig", "", b"", None)
    assert serving.idle_seconds < 60
