"""The classes of risk, and one risk of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

RiskClass = Literal["state-loss", "protection-loss", "network-change", "iam-growth", "public-exposure"]
CLASSES: tuple[RiskClass, ...] = get_args(RiskClass)


@dataclass(frozen=True)
class Risk:
    """A risk of a planned change; `reason` says what happens to the resource and which principal gains access."""

    kind: RiskClass
    stack: str
    resource: str
    """Terraform address."""
    reason: str

    @property
    def key(self) -> tuple[RiskClass, str, str]:
        """Identify the risk; its reason can change when values become known."""
        return self.kind, self.stack, self.resource
