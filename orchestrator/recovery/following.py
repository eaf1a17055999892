"""Follow a terraform process that has outlived its run to its end."""

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
_SHOWN = ("apply_complete", "apply_errored", "change_summary", "diagnostic", "log")
_INTERRUPT_SENT = "asked-to-stop"
"""A file beside a command's output."""
_INTERRUPTED = b"Interrupt received"
"""Terraform's message after any interrupt."""
_sleep = time.sleep


def follow(record: Record, environment: str, say: Callable[[str], None], *, stop: bool) -> None:
    """Wait until a recorded command has ended, and show its output meanwhile.

    Args:
        record: the record of a command that may still run.
        environment: the environment of the command.
        say: prints a line for the user.
        stop: whether to interrupt it, once: on a second interrupt it would drop its state.

    Raises:
        Interrupted: the wait was interrupted; the command continues.
    """
    command, process = record.command, record.process
    assert command is not None
    assert process is not None
    what = f"terraform {command.command} of `{command.stack}` (process {process.pid})"
    try:
        if stop:
            interrupt(record)
            say(f"{what} was interrupted; waiting until it has written its state")
        else:
            say(f"{what} of the earlier run is still running; waiting for its end (Ctrl-C does not stop it)")
        _until_gone(record, what, say)
    except KeyboardInterrupt:
        raise Interrupted(
            f"the wait was interrupted: {what} continues",
            hint=f"run `orchestrator resume {environment}` to wait again, with `--stop` to interrupt it",
        ) from None
    say(f"{what} has ended")


def interrupt(record: Record) -> None:
    """Interrupt a recorded command, once in its life: on a second interrupt it would drop its state."""
    process, sent = record.process, record.folder / _INTERRUPT_SENT
    assert process is not None
    if not sent.exists() and _INTERRUPTED not in _content(record.stdout):
        sent.touch()
        processes.interrupt(process)


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def _until_gone(record: Record, what: str, say: Callable[[str], None]) -> None:
    process, lines = record.process, _Tail(record.stdout)
    assert process is not None
    last_output = time.monotonic()
    while True:
        alive = identity.life(process) == "alive"  # checked before reading, so that the whole output is read
        for text in lines.read():
            say(f"  {text}")
            last_output = time.monotonic()
        if not alive:
            return
        if time.monotonic() - last_output > _HEARTBEAT_SECONDS:
            say(f"{what} is still running")
            last_output = time.monotonic()
        _sleep(_POLL_SECONDS)


class _Tail:
    """Read the events that are appended to a file from now on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = file.stat().st_size if file.exists() else 0
        self._rest = b""

    def read(self) -> Iterator[str]:
        """Yield the messages of complete lines that are worth showing."""
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
            if isinstance(event, dict) and event.get("type") in _SHOWN:
                yield str(event.get("@message", ""))
