"""Determine whether an attached provider is in use: by a run, or by a terraform that outlives its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestrator.system import identity
from orchestrator.system.identity import Identity
from orchestrator.terraform.record import of_run


@dataclass(frozen=True)
class Holder:
    """The process that has attached a stack, and the folder of its run's records."""

    process: Identity
    run: Path | None = None

    @classmethod
    def own(cls, run: Path | None = None) -> Holder:
        return cls(identity.own(), run)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Holder:
        process = identity.read(document["process"])
        if process is None:
            raise ValueError("the request does not name its process")
        return cls(process, Path(document["run"]) if document["run"] else None)

    def document(self) -> dict[str, Any]:
        return {"process": asdict(self.process), "run": str(self.run) if self.run else None}

    def needs(self, stack: str) -> bool:
        """Return whether the provider may still be called for a stack, which is identified by its data folder."""
        return identity.life(self.process) != "dead" or self._terraform_works(stack)

    def _terraform_works(self, stack: str) -> bool:
        for record in of_run(self.run) if self.run is not None else ():
            command, process = record.command, record.process
            if (
                command is not None
                and command.data_dir == stack
                and process is not None
                and record.ended is None
                and identity.life(process) == "alive"
            ):
                return True
        return False
