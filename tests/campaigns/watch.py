"""Waits for the moment of a kill: by what a run tells its journal, and what the local AWS tells its log."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.rows import Row
from tests.campaigns.small import Clone, Lane

_TICK = 0.003
HOLD_SECONDS = 2.0
"""For so long an upload or unlock waits before the local AWS carries it out."""
_DONE_OR_BEGUN = r"(Creating|Modifying|Destroying|Creation complete|Modifications complete|Destruction complete)"


@dataclass(frozen=True)
class Signal:
    """So many lines that match."""

    source: str
    """`journal` (each line as `step kind status message`) or `log`."""
    pattern: str
    nth: int = 1


def signals(row: Row) -> tuple[Signal, ...]:
    """What a row waits for, whichever comes first."""
    stack, journal = re.escape(row.stack), "journal"
    match row.phase:
        case "plan":
            return (Signal(journal, rf"^{stack} stage  plan$"),)
        case "apply":
            # A stack may have fewer events than the row counts: then its state is what comes next.
            return (Signal(journal, rf"^{stack} progress  .*: {_DONE_OR_BEGUN}", row.nth), _upload(row, stack))
        case "upload":
            return (_upload(row, stack),)
        case "unlock":
            # The plan's own comes before.
            freed = Signal("log", rf" 20\d s3 DELETE /[^ /]+/{stack}\.tfstate\.tflock ", 2)
            return (_held("DeleteObject", f"{stack}\\.tfstate\\.tflock") if row.held else freed,)
        case "pipeline":
            return (Signal(journal, r"^pipeline progress ", row.nth), Signal(journal, r"^pipeline step ok"))
        case "release":
            return (
                Signal(journal, rf"^release {stack} progress ", row.nth),
                Signal(journal, rf"^release {stack} step ok"),
            )
        case "smoke":
            return (Signal(journal, rf"^smoke {stack} step started"),)
        case "models":
            return (Signal(journal, r"^model versions step started"),)
    raise AssertionError(row.phase)


def hold(row: Row, lane: Lane) -> None:
    """Make AWS slow where a row strikes before something is carried out."""
    if not row.held:
        return
    operation, key = ("DeleteObject", "tfstate.tflock") if row.phase == "unlock" else ("PutObject", "tfstate")
    lane.arm(
        kind="slow",
        service="s3",
        action=operation,
        resource=f"{row.stack}.{key}",
        delay_seconds=HOLD_SECONDS,
        every=2 if row.phase == "unlock" else 1,
        count=1,
    )


def _upload(row: Row, stack: str) -> Signal:
    if row.held:
        return _held("PutObject", f"{stack}\\.tfstate")
    return Signal("log", rf" 200 s3 PUT /[^ /]+/{stack}\.tfstate ")


def _held(operation: str, key: str) -> Signal:
    return Signal("log", rf" slow hit s3:{operation} {key}$")


class Tail:
    """New whole lines of a file that grows."""

    def __init__(self, path: Path, *, from_now: bool) -> None:
        self._path, self._offset, self._rest = path, 0, b""
        if from_now and path.exists():
            self._offset = path.stat().st_size

    def lines(self) -> list[str]:
        try:
            with self._path.open("rb") as file:
                if self._path.stat().st_size < self._offset:  # another one, of a local AWS that started meanwhile
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                fresh = file.read()
        except FileNotFoundError:
            return []
        self._offset += len(fresh)
        *whole, self._rest = (self._rest + fresh).split(b"\n")
        return [line.decode(errors="replace") for line in whole]


class Watch:
    """What a run and its AWS tell from now on."""

    def __init__(self, clone: Clone, log: Path) -> None:
        self._clone, self._before = clone, set(clone.runs())
        self._log = Tail(log, from_now=True)
        self._journal: Tail | None = None

    def wait(self, signals: Sequence[Signal], process: subprocess.Popen[bytes], seconds: float) -> Signal | None:
        """The signal that came; `None` if the run ended, or the time was over, before one did."""
        counts, deadline = dict.fromkeys(signals, 0), time.monotonic() + seconds
        while True:
            ended = process.poll() is not None
            for source, line in self._told():
                for signal in signals:
                    if signal.source == source and re.search(signal.pattern, line):
                        counts[signal] += 1
                        if counts[signal] == signal.nth:
                            return signal
            if ended or time.monotonic() > deadline:
                return None
            time.sleep(_TICK)

    def _told(self) -> list[tuple[str, str]]:
        events = [("log", line) for line in self._log.lines()]
        if self._journal is None:
            fresh = [path for path in self._clone.runs() if path not in self._before]
            self._journal = Tail(fresh[0] / "events.jsonl", from_now=False) if fresh else None
        if self._journal is not None:
            events += [("journal", _words(line)) for line in self._journal.lines()]
        return events


def _words(line: str) -> str:
    event = json.loads(line)
    return f"{event['step']} {event['kind']} {event.get('status', '')} {event.get('message', '')}"
