"""How clients reach a local AWS."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.system.identity import Identity


@dataclass(frozen=True)
class LocalAccess:
    """Address of a local AWS, and its administrator's key, which changes with each start."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    process: Identity | None = field(default=None, compare=False)
    """Process that serves it, if known: once that process is gone, the address is no longer served."""
