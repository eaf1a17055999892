"""A policy gate that answers from a script and records its calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.policy.model import Finding, PolicyReport

CLEAN = PolicyReport(
    rules_expected=frozenset({"FAKE_1"}), rules_ran=frozenset({"FAKE_1"}), findings=(), skipped=(), seconds=0.0
)


def violation(rule: str = "FAKE_1", resource: str = "aws_iam_role.this") -> PolicyReport:
    """A report with one finding."""
    finding = Finding(rule=rule, resource=resource, file="main.tf:1", severity="HIGH", message="no", hint="do so")
    return PolicyReport(
        rules_expected=frozenset({rule}), rules_ran=frozenset({rule}), findings=(finding,), skipped=(), seconds=0.0
    )


class FakePolicyGate:
    """`PolicyGate` for tests.

    Args:
        source: answer by the name of the scanned folder; an exception is raised.
        plan: the same for plans, by the name of the root's folder.
    """

    def __init__(
        self,
        source: Mapping[str, PolicyReport | PlatformError] | None = None,
        plan: Mapping[str, PolicyReport | PlatformError] | None = None,
    ) -> None:
        self.source = dict(source or {})
        self.plan = dict(plan or {})
        self.calls: list[tuple[str, str]] = []
        self.rules = "rules-1"
        self.fresh: list[bool] = []

    def scan_source(self, folder: Path, *, fresh: bool = False) -> PolicyReport:
        self.calls.append(("source", folder.name))
        self.fresh.append(fresh)
        return self._answer(self.source.get(folder.name, CLEAN))

    def scan_plan(self, plan_document: Json, *, root: Path) -> PolicyReport:
        self.calls.append(("plan", root.name))
        return self._answer(self.plan.get(root.name, CLEAN))

    def fingerprint(self) -> str:
        return self.rules

    def prepare(self) -> None:
        """Nothing to start."""

    @staticmethod
    def _answer(answer: PolicyReport | PlatformError) -> PolicyReport:
        if isinstance(answer, PlatformError):
            raise answer
        return answer
