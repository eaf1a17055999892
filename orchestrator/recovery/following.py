"""A terraform that runs on although its run is gone: followed to its end by whoever comes next."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.errors import Interrupted
from orchestrator.system import identity, processes
from orchestrator.terraform.record import Record

_POLL_SECONDS = 0.2
_HEARTBEAT_SECONDS = 15.0
_TOLD = ("apply_complete", "apply_errored", "change_summary", "diagnostic", "log")
_ASKED = "asked-to-stop"
"""File beside what a command says."""
_INTERRUPTED = b"Interrupt received"
"""Terraform's words, whoever sent the signal."""
_sleep = time.sleep


def follow(record: Record, environment: str, say: Callable[[str], None], *, stop: bool) -> None:
    """Wait until a recorded command has ended, and tell what it says meanwhile.

    Args:
        record: of a command that may still run.
        environment: whose it is.
        say: tells a person.
        stop: whether to ask it to stop. It is asked once: a second time it would drop its state.

    Raises:
        Interrupted: the waiting was, the command goes on.
    """
    command, process = record.command, record.process
    assert command is not None
    assert process is not None
    what = f"terraform {command.command} of `{command.stack}` (process {process.pid})"
    try:
        if stop:
            ask_to_stop(record)
            say(f"{what} is asked to stop; waiting until it has written its state")
        else:
            say(f"{what} of the earlier run still works; waiting for its end (Ctrl-C leaves it at work)")
        _until_gone(record, what, say)
    except KeyboardInterrupt:
        raise Interrupted(
            f"the waiting was interrupted: {what} goes on by itself",
            hint=f"`orchestrator resume {environment}` waits again, with `--stop` it interrupts it",
        ) from None
    say(f"{what} has ended")


def ask_to_stop(record: Record) -> None:
    """Interrupt a recorded command, once in its life: a second time it would drop its state."""
    process, asked = record.process, record.folder / _ASKED
    assert process is not None
    if not asked.exists() and _INTERRUPTED not in _said(record.stdout):
        asked.touch()
        processes.interrupt(process)


def _said(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def _until_gone(record: Record, what: str, say: Callable[[str], None]) -> None:
    process, lines = record.process, _Tail(record.stdout)
    assert process is not None
    heard = time.monotonic()
    while True:
        alive = identity.life(process) == "alive"  # asked before reading: then all that it wrote is read
        for text in lines.read():
            say(f"  {text}")
            heard = time.monotonic()
        if not alive:
            return
        if time.monotonic() - heard > _HEARTBEAT_SECONDS:
            say(f"{what} still works")
            heard = time.monotonic()
        _sleep(_POLL_SECONDS)


class _Tail:
    """What a file of events gets from now on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = file.stat().st_size if file.exists() else 0
        self._rest = b""

    def read(self) -> Iterator[str]:
        """Messages that a person wants to know of, in whole lines."""
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(self._position, os.SEEK_SET)
            content = self._rest + file.read()
            self._position = file.tell()
        *lines, self._rest = content.split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("type") in _TOLD:
                yield str(event.get("@message", ""))
