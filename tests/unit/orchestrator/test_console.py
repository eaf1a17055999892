"""Asking a person, at a terminal that is one."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from orchestrator.console import Console


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written to this descriptor is typed."""
    mine, theirs = os.openpty()
    stdin: TextIO = os.fdopen(theirs, "r", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", stdin)
    yield mine
    stdin.close()
    os.close(mine)


@pytest.mark.parametrize(("typed", "answer"), [("y", True), ("YES", True), ("n", False), ("", False), ("maybe", False)])
def test_only_a_yes_is_a_yes(keyboard: int, typed: str, answer: bool) -> None:
    err = io.StringIO()
    os.write(keyboard, f"{typed}\n".encode())
    assert Console(stderr=err).ask("Deploy?") is answer
    assert err.getvalue() == "Deploy? [y/N] "


@pytest.mark.usefixtures("keyboard")
def test_the_waiting_ends_when_the_run_is_interrupted() -> None:
    assert Console(stderr=io.StringIO()).ask("Deploy?", given_up=lambda: True) is None


def test_nobody_is_asked_where_no_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    console = Console(stderr=io.StringIO())
    assert console.ask("Deploy?") is None
    assert console.confirm("Deploy?") is False
