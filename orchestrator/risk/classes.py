"""The classes of risk, and one risk of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

RiskClass = Literal["state-loss", "protection-loss", "network-change", "iam-growth", "public-exposure"]
CLASSES: tuple[RiskClass, ...] = get_args(RiskClass)


@dataclass(frozen=True)
class Risk:
    """`reason` says what happens to the resource, and to whose advantage."""

    kind: RiskClass
    stack: str
    resource: str
    """Terraform address."""
    reason: str

    @property
    def key(self) -> tuple[RiskClass, str, str]:
        """What makes two risks the same one; reasons change when values become known."""
        return self.kind, self.stack, self.resource
