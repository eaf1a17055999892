"""Who needs an attached provider: a run, and after its death the terraform that it has left at work."""

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
    """The process that has attached a stack, and the folder in which it writes down what it starts."""

    process: Identity
    run: Path | None = None

    @classmethod
    def own(cls, run: Path | None = None) -> Holder:
        return cls(identity.own(), run)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Holder:
        found = identity.read(document["process"])
        if found is None:
            raise ValueError("the request does not say which process it is from")
        return cls(found, Path(document["run"]) if document["run"] else None)

    def document(self) -> dict[str, Any]:
        return {"process": asdict(self.process), "run": str(self.run) if self.run else None}

    def needs(self, stack: str) -> bool:
        """Whether the provider may still be asked something for a stack, known by its data folder."""
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
