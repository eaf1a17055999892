"""The state that commands share (checkout, console), and how a plan is run and reported."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from orchestrator.reporting.console import Console
from orchestrator.session.approval import Granted

if TYPE_CHECKING:
    from orchestrator.config.model.platform import Environment
    from orchestrator.core.types import Json
    from orchestrator.planning.graph import Graph, Stack
    from orchestrator.planning.phases import Phase
    from orchestrator.planning.steps import Plan
    from orchestrator.recovery.takeover import Left
    from orchestrator.runs.result import Result
    from orchestrator.session.ports import Tools
    from orchestrator.session.target import Target
    from orchestrator.system.process import Cancel


@dataclass(frozen=True)
class Resuming:
    """How unfinished runs are resumed."""

    stop: bool = False
    force: bool = False


class App:
    """One call of the command line."""

    def __init__(self, repo: Path, arguments: Sequence[str] = ()) -> None:
        self.repo = repo
        self.arguments = tuple(arguments)
        self.console = Console()
        self.plain_provider = False
        self.granted = Granted()
        self.resuming: Resuming | None = None
        self._shown = {""}

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        from orchestrator.planning import phases

        return phases.read(self.repo)

    def load(self, env: str, *, building: bool = False) -> tuple[Environment, Graph]:
        """Read and validate an environment; nothing has been started when this raises.

        With `building`, an expired environment is rejected, and one whose names overlap with another environment's.
        """
        from orchestrator.config import expiry, load, neighbours
        from orchestrator.planning import graph
        from orchestrator.recovery import unfinished
        from orchestrator.runs.run_folder import now

        today = now().date()
        environment = expiry.dated(load(self.repo, env), today)
        if (left := unfinished.sentence(unfinished.find(self.repo, env))) not in self._shown:
            self._shown.add(left)
            self.console.say(left)
        if building:
            expiry.refuse_expired(environment, today)
            neighbours.refuse_overlap(self.repo, environment)
        return environment, graph.build(self.phases, environment)

    def tools(self, environment: Environment) -> Tools:
        from orchestrator.execution.wiring import RealTools

        return RealTools(self.repo, environment, plain_provider=self.plain_provider)

    def examples(self) -> Mapping[str, Json]:
        from orchestrator.planning import phases

        return phases.read_examples(self.repo, self.phases)

    def target(self, tools: Tools) -> Target:
        """Open the AWS of an environment as it is: nothing is started."""
        from orchestrator.session.target import open_target, running_emulator

        return open_target(tools, running_emulator(tools).access if tools.environment.is_local else None)

    def leftovers(self, tools: Tools, graph: Graph) -> tuple[Stack, ...]:
        """Find stacks that have a state but no files any more; none if AWS is unreachable, which the run reports.

        Raises `TerraformError` if a state cannot be read: then it is unknown what is deployed.
        """
        from orchestrator.errors import CredentialsError, EmulatorError
        from orchestrator.stacks import leftovers

        try:
            target = self.target(tools)
        except (CredentialsError, EmulatorError):
            return ()
        return leftovers.find(target.store, graph)

    def run(
        self,
        environment: Environment,
        graph: Graph,
        plan: Plan,
        *,
        as_json: bool,
        why: bool = False,
        tools: Tools | None = None,
        target: Target | None = None,
        beside_others: bool = False,
        warnings: Sequence[str] = (),
    ) -> int:
        """Run a plan with live progress, report, and return the exit code; `warnings` are shown at the end.

        Commands that change something first clean up after unfinished runs. Raises `StateLocked` while another run of
        the environment is active in this checkout, unless this one may run `beside_others`.
        """
        from orchestrator.cli.person import AtTerminal
        from orchestrator.config import neighbours
        from orchestrator.execution.deployed import load_outputs
        from orchestrator.execution.executor import Executor
        from orchestrator.reporting.summary import show
        from orchestrator.runs.journal import Journal
        from orchestrator.runs.run_folder import RunFolder, alone
        from orchestrator.session.approval import Approval
        from orchestrator.session.results import Results
        from orchestrator.session.session import Session
        from orchestrator.stacks.workspace import forget_plans

        tools = tools or self.tools(environment)
        with (
            nullcontext() if beside_others else alone(self.repo, environment.name),
            self.taking_up(environment, tools, plan.command) as left,
            interruptible(self.console, environment.name) as cancel,
            self.console.progress() as progress,
        ):
            if not beside_others:
                forget_plans(self.repo, environment.name)
            folder = RunFolder.create(self.repo, environment.name, plan.command, self.arguments)
            journal = Journal(folder, (progress,))
            approval = Approval(self.granted, AtTerminal(self.console, progress, cancel))
            session = Session(
                tools,
                graph,
                journal,
                cancel,
                examples=self.examples(),
                approval=approval,
                own_executions=left.executions,
                killed=left.applies,
                neighbours=tuple(neighbours.prefixes(self.repo, environment)),
                results=Results(target=target, warnings=tuple(warnings)),
            )
            if target is not None and not target.throwaway:
                load_outputs(session)
            result: Result = Executor(session).run(plan)
        if as_json:
            self.console.json(result.to_json())
            if result.error:
                self.console.error(result.error.message, result.error.hint)
        else:
            show(self.console, result, folder.path, why=why)
        return result.exit_code

    def done(self, env: str, *, refresh: bool) -> frozenset[str]:
        """Find the steps that an unfinished run has just completed, and that are skipped."""
        from orchestrator.recovery import takeover

        return frozenset() if refresh and self.resuming is None else takeover.look(self.repo, env).done

    @contextmanager
    def taking_up(self, environment: Environment, tools: Tools, command: str) -> Iterator[Left]:
        """Clean up after unfinished runs, and return what is left to do."""
        from orchestrator.recovery import takeover, unfinished

        if command not in unfinished.CHANGING:
            yield takeover.Left()
            return
        left = takeover.look(self.repo, environment.name)
        if not left.is_empty:
            target = None
            if environment.is_local:
                info = tools.emulator.status()
                left = left.of_aws(info.started_at if info else None)
            if not environment.is_local or info is not None:
                target = self.target(tools)
            how = self.resuming or Resuming()
            takeover.take_up(
                left, self.repo, environment.name, target, self.console.say,
                stop=how.stop, force=how.force, strict=self.resuming is not None,
            )  # fmt: skip
        yield left


@contextmanager
def interruptible(console: Console, environment: str) -> Iterator[Cancel]:
    """Set the event on SIGINT, SIGTERM and SIGHUP, so that terraform can release its lock.

    A second signal stops waiting for terraform. After the first there is no timeout: a harder kill loses nothing, and
    when the whole machine shuts down, waiting gives terraform the time it needs. After SIGHUP the message is not read,
    and the terminal may reject it.
    """
    from orchestrator.system.process import Cancel

    cancel = Cancel()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.insisted:
            raise KeyboardInterrupt
        if cancel.is_set():
            cancel.insist()
            message = (
                "interrupted again: no longer waiting for terraform, which stores its state and exits by itself "
                f"(`orchestrator resume {environment}` continues from there)"
            )
        else:
            cancel.set()
            message = "interrupted: waiting for terraform to stop and release its lock (interrupt again to exit)"
        with suppress(OSError):
            console.say(message)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
