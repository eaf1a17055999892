"""The running local AWS, and the Protocol of its process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestrator.core.local_access import LocalAccess
from orchestrator.core.types import Json


@dataclass(frozen=True)
class EmulatorInfo:
    pid: int
    access: LocalAccess
    account_id: str
    log: Path
    started_at: str
    iam: str = "enforced"
    """`enforced`, or `off`: then roles may do everything, whatever their policies say."""
    lost: str = ""
    """Of one that `up` has just started: what went down with an earlier one, which nobody had stopped."""

    @property
    def endpoint(self) -> str:
        return self.access.endpoint


class EmulatorProcess(Protocol):
    """The local AWS as a process. Raises `EmulatorError`."""

    def up(self) -> EmulatorInfo: ...
    def down(self) -> bool: ...
    def status(self) -> EmulatorInfo | None: ...
    def lost(self) -> str:
        """What went down with an emulator that ended though nobody had stopped it; empty where none did."""
        ...

    def logs(self, lines: int) -> str: ...
    def evidence(self, **filters: str) -> list[Json]:
        """Records of work that really ran (`GET /_emulator/evidence`)."""
        ...
