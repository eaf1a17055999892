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
    """`enforced`, or `off`: roles then have all permissions, regardless of their policies."""
    lost: str = ""
    """If `up` has just started it: what was lost with an earlier one that ended unexpectedly."""
    outdated: bool = False
    """Whether it runs other code than the checkout has now."""

    @property
    def endpoint(self) -> str:
        return self.access.endpoint


class EmulatorProcess(Protocol):
    """The process of the local AWS. Raises `EmulatorError`."""

    def up(self) -> EmulatorInfo: ...
    def down(self) -> bool: ...
    def status(self) -> EmulatorInfo | None: ...
    def lost(self) -> str:
        """Describe what was lost with an emulator that ended unexpectedly; empty if none did."""
        ...

    def logs(self, lines: int) -> str: ...
    def evidence(self, **filters: str) -> list[Json]:
        """Return records of work that really ran (`GET /_emulator/evidence`)."""
        ...
