"""A Terraform state, as every room that reads states sees it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.types import Json


@dataclass(frozen=True)
class State:
    """A Terraform state object as it lies in S3."""

    serial: int
    lineage: str
    outputs: Json
    """Output name to plain value."""
    resources: tuple[str, ...]
    """Addresses of managed resources."""
    ids: frozenset[str] = frozenset()
    """ARNs and ids of managed resources: by these what exists is known again."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is deployed; what waits to be deleted after a replacement has no address, but is there."""
        return not self.resources and not self.ids
