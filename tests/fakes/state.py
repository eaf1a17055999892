"""States in a dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.aws.model import StoredLock
from orchestrator.core.state import State
from orchestrator.core.types import Json
from orchestrator.errors import TerraformError


@dataclass
class FakeStateStore:
    """Satisfies `StateStore`."""

    bucket: str = "mlops-local-tfstate-123456789012-us-east-1"
    states: dict[str, State] = field(default_factory=dict)
    held: dict[str, tuple[int, Json | None]] = field(default_factory=dict)
    """Locks by stack, each with a number that is its alone."""
    exists: bool = False
    proofs: dict[str, Json] = field(default_factory=dict)
    proof_failure: TerraformError | None = None
    """When a proof is written."""
    key_arn: str | None = "arn:aws:kms:us-east-1:123456789012:key/5b1ff3f5-0000-4000-8000-000000000001"
    unreadable: dict[str, TerraformError] = field(default_factory=dict)
    """When a proof is read, by its name."""

    def ensure_bucket(self) -> bool:
        made, self.exists = not self.exists, True
        return made

    def key(self, stack: str) -> str:
        return f"{stack}.tfstate"

    def stacks(self) -> tuple[str, ...]:
        return tuple(sorted(self.states))

    def read(self, stack: str) -> State | None:
        return self.states.get(stack)

    def read_proof(self, stack: str) -> Json | None:
        if stack in self.unreadable:
            raise self.unreadable[stack]
        return self.proofs.get(stack)

    def write_proof(self, stack: str, proof: Json) -> None:
        if self.proof_failure is not None:
            raise self.proof_failure
        self.proofs[stack] = proof

    def remove_proof(self, stack: str) -> None:
        self.proofs.pop(stack, None)

    def locks(self) -> list[StoredLock]:
        return [
            StoredLock(stack, f"{stack}.tfstate.tflock", f'"{number}"', "2026-01-01T00:00:00+00:00", info)
            for stack, (number, info) in self.held.items()
        ]

    def lock(self, stack: str, info: Json | None) -> None:
        """Lock as terraform does; `None`: something that is not a lock of terraform."""
        self.held[stack] = (len(self.held), info)

    def remove_lock(self, lock: StoredLock) -> bool:
        if lock not in self.locks():
            return False
        del self.held[lock.stack]
        return True
