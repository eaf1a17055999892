"""A Terraform state."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.types import Json


@dataclass(frozen=True)
class State:
    """A Terraform state object in S3."""

    serial: int
    lineage: str
    outputs: Json
    """Output name to plain value."""
    resources: tuple[str, ...]
    """Addresses of managed resources."""
    ids: frozenset[str] = frozenset()
    """ARNs and ids of managed resources, by which existing resources are recognised."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is deployed. A replaced resource that waits for deletion has an id but no address."""
        return not self.resources and not self.ids
