"""What becomes of an interrupt: it ends the interrupted stack's calls and nobody else's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.warm import server
from orchestrator.warm.server import Session


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
