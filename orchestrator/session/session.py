"""What one run works with, and where it gathers its results."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.config.model.platform import Environment
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.planning.examples import for_environment
from orchestrator.planning.graph import Graph
from orchestrator.planning.values import Facts
from orchestrator.runs.journal import Journal
from orchestrator.session.approval import Approval
from orchestrator.session.ports import Tools
from orchestrator.session.results import Results
from orchestrator.session.target import Target
from orchestrator.system.identity import Identity
from orchestrator.terraform.record import Record


@dataclass(frozen=True)
class Session:
    """The context of one run. It does not change; what the run finds out is collected in `results`."""

    tools: Tools
    graph: Graph
    journal: Journal
    cancel: threading.Event
    examples: Mapping[str, Json] = field(default_factory=dict)
    """Example outputs by stack, for previews and for destroying stacks whose dependencies are gone."""
    approval: Approval = field(default_factory=Approval)
    own_executions: tuple[str, ...] = ()
    """Names of executions of the training pipeline that unfinished runs have started."""
    killed: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    """By stack, applies of earlier runs that were killed: they may have created resources that no state holds."""
    neighbours: tuple[str, ...] = ()
    """Name prefixes of other environments in the same AWS."""
    results: Results = field(default_factory=Results)

    @property
    def environment(self) -> Environment:
        return self.tools.environment

    @property
    def target(self) -> Target:
        if self.results.target is None:
            raise PlatformError("a step used AWS before the account was checked")
        return self.results.target

    @property
    def local_process(self) -> Identity | None:
        """Process of the local AWS; `None` before it is known, and on AWS."""
        return self.results.target.process if self.results.target is not None else None

    def facts(self, *, with_examples: bool = False) -> Facts:
        """Return what the values of stacks are made of, as known by now."""
        outputs = self.results.outputs
        account_id = self.target.account_id
        if with_examples:
            outputs = {**for_environment(self.examples, self.environment, account_id), **outputs}
        return Facts(
            account_id=account_id,
            emulated=self.target.endpoint is not None,
            packages=self.results.packages,
            outputs=outputs,
            model_versions=self.results.model_versions,
        )
