"""One approval per run: what a deployment may do is shown beforehand and confirmed once.

Environments with `approvals.deploy` (by default all on AWS) are previewed as a whole before anything is applied. Each
class of risk in the preview has to be accepted by name, and then a person (or `--yes`) approves it. While applying,
a stack requires another confirmation only if its real plan has a risk that the preview did not show, because example
values took the place of what did not exist then.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.errors import ApprovalRequired, RiskNotAccepted
from orchestrator.risk import Risk, RiskClass, classes_of
from orchestrator.runs import change_list
from orchestrator.runs.result import ChangeResult

_SHOWN = 3


@dataclass(frozen=True)
class Granted:
    """What the command line approves in advance."""

    risks: frozenset[RiskClass] = frozenset()
    yes: bool = False


class Person(Protocol):
    """The person at the terminal, if any."""

    def show(self, lines: Sequence[str]) -> None: ...
    def ask(self, question: str) -> bool | None:
        """Return the answer; `None` without a terminal."""
        ...


class NoTerminal:
    """Answers no question."""

    def show(self, lines: Sequence[str]) -> None:
        """Show nothing."""

    def ask(self, question: str) -> bool | None:
        return None


@dataclass
class Approval:
    """The decision of one run. Safe to use from several threads; one of them asks at a time."""

    granted: Granted = Granted()
    person: Person = field(default_factory=NoTerminal)
    _previewed: dict[str, Sequence[ChangeResult]] = field(default_factory=dict)
    _risks: list[Risk] = field(default_factory=list)
    _approved: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def previewed(self, stack: str, changes: Sequence[ChangeResult], risks: Sequence[Risk]) -> None:
        """Note what the preview of one stack shows."""
        with self._lock:
            self._previewed[stack] = changes
            self._risks += risks

    def decide(self, environment: str, stacks: Sequence[str]) -> None:
        """Require approval after the previews of all stacks, before anything is applied.

        Raises:
            RiskNotAccepted: a class of risk occurs that was not accepted.
            ApprovalRequired: the preview was not approved.
        """
        with self._lock:
            changes = {name: self._previewed[name] for name in stacks if self._previewed.get(name)}
            if not changes:
                return
            risks = [risk for name in stacks for risk in self._risks if risk.stack == name]
            self.person.show([*change_list.stacks(changes), *change_list.risks(risks)])
            self._require_accepted(f"deploying `{environment}`", risks)
            self._require_yes(f"Deploy this to `{environment}`?", f"deploying `{environment}` requires confirmation")
            self._approved = True

    def before_apply(
        self, environment: str, stack: str, changes: Sequence[ChangeResult], risks: Sequence[Risk]
    ) -> None:
        """Require approval for the real plan of one stack, as far as the preview did not show it.

        Raises:
            RiskNotAccepted: as for `decide`.
            ApprovalRequired: the plan has changes or risks that the preview did not show and that were not approved.
        """
        with self._lock:
            shown = {risk.key for risk in self._risks}
            new = [risk for risk in risks if risk.key not in shown]
            if not new and (self._approved or not changes):
                return
            self.person.show([f"`{stack}`: the preview did not show this:"])
            self.person.show([*change_list.stacks({stack: changes}), *change_list.risks(new)])
            self._require_accepted(f"`{stack}`", new)
            words = f"`{stack}` has {len(new)} risks" if new else f"`{stack}` has changes"
            self._require_yes(
                f"Apply `{stack}` to `{environment}`?",
                f"{words} that the preview did not show; they require confirmation: {_named(new)}".rstrip(": "),
                preview=not new,
            )
            self._risks += new

    def _require_accepted(self, what: str, risks: Sequence[Risk]) -> None:
        missing = [kind for kind in classes_of(risks) if kind not in self.granted.risks]
        if missing:
            named = "; ".join(f"{kind}: {_named([r for r in risks if r.kind == kind])}" for kind in missing)
            options = " ".join(f"--accept-risk {kind}" for kind in missing)
            raise RiskNotAccepted(
                f"{what} has risks that were not accepted: {named}",
                hint=f"read them above (`orchestrator plan ENV` shows them too), then repeat with `{options}`",
            )

    def _require_yes(self, question: str, otherwise: str, *, preview: bool = True) -> None:
        if preview and self.granted.yes:
            return
        match self.person.ask(question):
            case True:
                return
            case None if preview:
                raise ApprovalRequired(otherwise, hint="no terminal to ask on: `--yes` approves what is shown above")
            case None:
                raise ApprovalRequired(
                    otherwise, hint="`--yes` covers the preview only: repeat the command, its preview shows them"
                )
            case _:
                raise ApprovalRequired(otherwise, hint="not confirmed: nothing was applied")


def _named(risks: Collection[Risk]) -> str:
    """`foundation: module.iam.aws_iam_policy.boundary, … and 3 more`."""
    addresses = [f"{risk.stack}: {risk.resource}" for risk in risks]
    more = len(addresses) - _SHOWN
    return ", ".join(addresses[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
