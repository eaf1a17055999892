"""Find the risks of a plan, in five classes, from the plan alone.

`state-loss`
    a resource that holds state is replaced or deleted, or keeps its data for a shorter time;
`protection-loss`
    a protection against deletion or misuse is removed, as when `protected` leaves an environment's file;
`network-change`
    a network gets other addresses, or is removed;
`iam-growth`
    a principal gets more permissions: a new or wider grant, a removed denial or boundary;
`public-exposure`
    a resource becomes reachable from outside the account or the network.

Pure: a plan document (`terraform show -json`) in, risks out. An unknown type is treated as one that holds state, and a
policy that cannot be read, or is known only after the apply, as a wider one. Which outside principals such a policy
admits cannot be determined beforehand; it is listed under `iam-growth`.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.types import Json
from orchestrator.risk import exposure, iam_growth, networks, protection, state_loss
from orchestrator.risk.changes import read
from orchestrator.risk.classes import CLASSES, Risk, RiskClass

__all__ = ["CLASSES", "Risk", "RiskClass", "classes_of", "of_plan"]

_FINDERS = (state_loss.find, protection.find, networks.find, iam_growth.find, exposure.find)


def of_plan(document: Json, *, stack: str, account_id: str) -> tuple[Risk, ...]:
    """Find the risks of one stack's plan, by class in the order of `CLASSES`, then in the plan's order.

    Args:
        document: `terraform show -json` of the plan.
        stack: named in each risk.
        account_id: the account deployed to; every other account is foreign.
    """
    changes = read(document)
    return tuple(
        Risk(kind, stack, change.address, "; ".join(reasons))
        for kind, find in zip(CLASSES, _FINDERS, strict=True)
        for change in changes
        if (reasons := find(change, account_id))
    )


def classes_of(risks: Iterable[Risk]) -> tuple[RiskClass, ...]:
    """List the classes that occur, each once."""
    occurring = {risk.kind for risk in risks}
    return tuple(kind for kind in CLASSES if kind in occurring)
