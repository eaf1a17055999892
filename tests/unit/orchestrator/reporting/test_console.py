"""Asking a person, at a terminal that is one."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest

from orchestrator.cli import main
from orchestrator.reporting.console import Console


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
def test_only_yes_confirms(keyboard: int, typed: str, answer: bool) -> None:
    err = io.StringIO()
    os.write(keyboard, f"{typed}\n".encode())
    assert Console(stderr=err).ask("Deploy?") is answer
    assert err.getvalue() == "Deploy? [y/N] "


@pytest.mark.usefixtures("keyboard")
def test_the_waiting_ends_when_the_run_is_interrupted() -> None:
    assert Console(stderr=io.StringIO()).ask("Deploy?", given_up=lambda: True) is None


def test_without_a_terminal_there_is_no_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    console = Console(stderr=io.StringIO())
    assert console.ask("Deploy?") is None
    assert console.confirm("Deploy?") is False


STEERING = "\x1b[2J\x1b]0;title\x07\x00\x08\r\x7f\x9b2J\x85\u202e\u2066\u202a\u2069\udcff"
CANARY = f"before{STEERING}after\n\tbelow"
OWN_STYLE = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[[0-9]*[AK]|\r")
"""What Rich writes for styles, and for lines that change."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def show_progress(console: Console) -> None:
    with console.progress() as progress:
        progress({"step": CANARY, "kind": "step", "status": "started", "message": CANARY})
        progress({"step": CANARY, "kind": "stage", "message": CANARY})
        progress({"step": CANARY, "kind": "progress", "type": CANARY, "message": CANARY})
        with progress.paused():
            pass
        progress({"step": CANARY, "kind": "step", "status": "failed", "message": CANARY, "seconds": 1.0})


WAYS: dict[str, Callable[[Console], object]] = {
    "say": lambda console: console.say(CANARY),
    "error": lambda console: console.error(CANARY, CANARY),
    "data": lambda console: console.data(CANARY),
    "json": lambda console: console.json({CANARY: [CANARY]}),
    "table": lambda console: console.table(CANARY, (CANARY, "b#"), [(CANARY, CANARY)], styles=["bold red"]),
    "line": lambda console: console.line(CANARY, style="bold"),
    "confirm": lambda console: console.confirm(CANARY),
    "ask": lambda console: console.ask(CANARY),
    "progress": show_progress,
}
SILENT = {"live"}
"""Public, and shows nothing."""


@pytest.mark.parametrize("way", sorted({name for name in vars(Console) if not name.startswith("_")} - SILENT))
@pytest.mark.parametrize("stream", [io.StringIO, Terminal], ids=["a file", "a terminal"])
@pytest.mark.usefixtures("keyboard")
def test_nothing_that_is_shown_steers_the_terminal(
    way: str, stream: Callable[[], io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("select.select", lambda *_: ([sys.stdin], [], []))
    monkeypatch.setattr("sys.stdin.readline", lambda: "y\n")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, err = stream(), stream()
    WAYS[way](Console(stdout=out, stderr=err))
    written = out.getvalue() + err.getvalue()
    assert "before" in written
    assert "after" in written
    shown = OWN_STYLE.sub("", written) if stream is Terminal else written
    assert {each for each in shown if unicodedata.category(each) in ("Cc", "Cs", "Cf")} <= {"\n", "\t"}


def test_json_loses_nothing() -> None:
    out = io.StringIO()
    Console(stdout=out).json({CANARY: CANARY})
    assert json.loads(out.getvalue()) == {CANARY: CANARY}


def test_styles_of_the_console_are_kept() -> None:
    err = Terminal()
    Console(stderr=err).error("no")
    assert err.getvalue() == "\x1b[1;31merror: no\x1b[0m\n"


def test_a_wrong_argument_is_not_repeated_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a\x07b"]) == 2
    assert "`a?b`" in capsys.readouterr().err
