"""An emulator that is a flag."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.core.local_access import LocalAccess
from orchestrator.core.types import Json
from orchestrator.errors import EmulatorError
from orchestrator.local_aws.model import EmulatorInfo
from orchestrator.system.identity import Identity

INFO = EmulatorInfo(
    pid=4711,
    access=LocalAccess("http://127.0.0.1:4566", "LOCALAAAAAAAAAAAAAAA", "s3cr3t"),
    account_id="123456789012",
    log=Path(".emulator/emulator.log"),
    started_at="2026-01-01T00:00:00+00:00",
)


@dataclass
class FakeEmulator:
    """Satisfies `EmulatorProcess`."""

    running: bool = False
    failure: EmulatorError | None = None
    records: list[Json] = field(default_factory=list)
    log_text: str = "emulator: ready\n"
    crash: str = ""
    """What went down with an earlier one."""
    outdated: bool = False
    process: Identity | None = None
    """Who serves it, if a test needs a process that can die."""

    def up(self) -> EmulatorInfo:
        if self.failure is not None:
            raise self.failure
        self.running = True
        return replace(self._info, lost=self.crash, outdated=self.outdated)

    def down(self) -> bool:
        was, self.running = self.running, False
        return was

    def status(self) -> EmulatorInfo | None:
        return self._info if self.running else None

    @property
    def _info(self) -> EmulatorInfo:
        return replace(INFO, access=replace(INFO.access, process=self.process))

    def lost(self) -> str:
        return self.crash

    def logs(self, lines: int) -> str:
        return "".join(self.log_text.splitlines(keepends=True)[-lines:] if lines > 0 else [])

    def evidence(self, **filters: str) -> list[Json]:
        return [each for each in self.records if all(each.get(key) == value for key, value in filters.items())]

    @contextlib.contextmanager
    def throwaway(self) -> Iterator[EmulatorInfo]:
        yield INFO
