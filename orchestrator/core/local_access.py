"""How clients reach a local AWS."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.system.identity import Identity


@dataclass(frozen=True)
class LocalAccess:
    """The way into a local AWS: its address, and the administrator's key of its present start."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    process: Identity | None = field(default=None, compare=False)
    """Who serves it, as far as it is known: once that process is gone, nobody will answer there any more."""
