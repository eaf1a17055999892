"""Findings and reports of policy scans, and the Protocol of the gate that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestrator.core.types import Json


@dataclass(frozen=True)
class Finding:
    rule: str
    resource: str
    file: str
    severity: str
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class PolicyReport:
    """One scan. `rules_expected` and `rules_ran` are ids; a difference means the gate is broken."""

    rules_expected: frozenset[str]
    rules_ran: frozenset[str]
    findings: tuple[Finding, ...]
    skipped: tuple[Finding, ...]
    """Inline skips, the reason in `message`."""
    seconds: float
    undecided: tuple[Finding, ...] = ()
    """Plan scans: rules that require a value which is known only after apply. Neither passed nor failed."""

    @property
    def passed(self) -> bool:
        return not self.findings and self.rules_expected <= self.rules_ran


class PolicyGate(Protocol):
    """checkov with the project's own rules. Raises `PolicyGateBroken` when it cannot vouch for a result."""

    def scan_source(self, folder: Path, *, fresh: bool = False) -> PolicyReport:
        """Terraform source; `fresh` repeats no report of an earlier scan."""
        ...

    def scan_plan(self, plan_document: Json, *, root: Path) -> PolicyReport: ...
    def fingerprint(self) -> str:
        """Hash of the rules and of the program that applies them."""
        ...

    def prepare(self) -> None:
        """Start what a scan will need, without waiting for it."""
        ...
