"""Executes a plan: every kind of step has one handler, which reaches the outside through `Tools` only.

The outcome is always a `Result`, whether the run succeeded, failed or was interrupted. It holds the error and the
exit code of the command.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from orchestrator.config.rules.platform import LOCAL_ACCOUNT_ID
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import (
    CredentialsError,
    EmulatorError,
    PlatformError,
    SmokeFailed,
    WaitingForModel,
)
from orchestrator.execution import key_steps, pipeline_step, release_step, smoke_step, teardown, verdicts
from orchestrator.execution.deployed import load_outputs
from orchestrator.execution.scheduler import Clear, NotCleared, Outcome, walk
from orchestrator.planning import steps
from orchestrator.planning.steps import Plan, Step
from orchestrator.planning.values import training_machine
from orchestrator.recovery import adoption, recover
from orchestrator.reporting.explain import in_environment
from orchestrator.runs.result import (
    ErrorResult,
    Result,
    Status,
    policy_result,
    risk_results,
)
from orchestrator.runs.run_folder import keep, timestamp
from orchestrator.session.session import Session
from orchestrator.session.target import open_target, running_emulator
from orchestrator.stacks import lifecycle
from orchestrator.system import trouble
from orchestrator.system.process import StillWorking, abandon, has_lower_priority
from orchestrator.system.watch import Watch

EXIT_CANCELLED = 130
EXIT_UNEXPECTED = 70
_PROBED_AT_ONCE = 4
"""Blueprints; more would measure each other's latency on a small machine."""
_REASON_WORDS = 24
"""Of an error, in the table of stacks; the whole text is printed below it."""


class Executor:
    """Runs plans of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._emulator_pid: int | None = None
        self._watch = Watch(lambda: session.local_process, lambda: abandon(session.cancel))
        self._durations: dict[str, float] = {}
        self._probing = threading.BoundedSemaphore(_PROBED_AT_ONCE)
        self._handlers: dict[type[Step], Callable[[Any], None]] = {
            steps.StartEmulator: self._start_emulator,
            steps.CheckAccount: self._check_account,
            steps.BuildPackages: self._build_packages,
            steps.ScanSource: self._scan_source,
            steps.OpenState: self._open_state,
            steps.PlanStack: lambda step: lifecycle.preview(session, step.stack),
            steps.PreviewStack: lambda step: lifecycle.show_for_approval(session, step.stack, step.name),
            steps.Approve: lambda step: session.approval.decide(session.environment.name, step.stacks),
            steps.RunPipeline: self._run_pipeline,
            steps.KeepKeys: lambda step: key_steps.keep(session, step),
            steps.RemoveKeys: lambda step: key_steps.remove(session, step),
            steps.Release: self._release,
            steps.SmokeTest: self._smoke_test,
            steps.StopPipelines: lambda step: teardown.stop_pipelines(session, step.stack, step.name),
            steps.DestroyStack: self._destroy,
            steps.RemoveModels: lambda step: teardown.remove_models(session, step.groups, step.name),
            steps.RemoveReleases: lambda step: teardown.remove_releases(session, step.blueprints, step.name),
            steps.RecoverStack: lambda step: recover.stack(session, step),
            steps.RecoverRest: lambda step: recover.leftovers(session, step),
            steps.AuditOrphans: lambda step: teardown.report_orphans(session, step),
        }

    def run(self, plan: Plan) -> Result:
        """Walk the plan to its end, write and return the result."""
        folder = self.session.journal.folder
        folder.write_plan(plan)
        started = time.monotonic()
        with self._watch:
            outcomes = walk(
                plan.steps,
                self._work,
                parallelism=self.session.tools.parallelism,
                cancel=self.session.cancel,
                on_start=has_lower_priority.set,
            )
        self._record_ends(plan, outcomes)
        error, exit_code = self._verdict(outcomes)
        results, stacks = self.session.results, [stack.name for stack in plan.stacks]
        blueprints = [each.name for each in self.session.environment.blueprints]
        smoke = sorted(results.smoke, key=lambda probe: blueprints.index(probe.blueprint))
        result = Result(
            run_id=folder.run_id,
            env=plan.environment,
            command=plan.command,
            status=_status(exit_code, results.previewed),
            started_at=timestamp(folder.started),
            seconds=round(time.monotonic() - started, 2),
            exit_code=exit_code,
            error=error,
            stacks=[results.stacks[name] for name in stacks],
            risks=risk_results(results.risks, stacks),
            policy=policy_result(results.policy),
            pipeline=results.pipeline,
            trainings=dict(sorted(results.trainings.items())),
            releases=release_step.verified(self.session, smoke),
            smoke=smoke,
            recovered=list(results.recovered),
            orphans=None if results.orphans is None else list(results.orphans),
            warnings=list(results.warnings),
        )
        return keep(folder, result, finished=self._watch.gone or not verdicts.loose(outcomes))

    def _work(self, step: Step, clear: Clear) -> None:
        """Do one step; its start and its end go to the journal."""
        journal = self.session.journal
        journal.step(step.name, "started")
        started = time.monotonic()
        status, message = "ok", ""
        try:
            if isinstance(step, steps.DeployStack):
                adoption.take_in(self.session, step.stack)
                lifecycle.deploy(self.session, step.stack, clear, skip=step.skip)
            else:
                self._handlers[type(step)](step)
        except NotCleared as error:
            status, message = "cancelled", str(error)
            raise
        except PlatformError as error:
            status, message = "failed", error.message
            raise
        except Exception as error:
            status, message = "failed", f"{type(error).__name__}: {error}"
            journal.folder.log(step.name, traceback.format_exc())
            raise
        finally:
            self._durations[step.name] = time.monotonic() - started
            if status == "failed" and self.session.cancel.is_set():
                status = "cancelled"
            journal.step(step.name, status, message, seconds=round(self._durations[step.name], 2))

    def _destroy(self, step: steps.DestroyStack) -> None:
        adoption.take_in(self.session, step.stack, destroying=True)
        lifecycle.destroy(self.session, step.stack, asks=step.asks)

    def _start_emulator(self, step: steps.StartEmulator) -> None:
        info = self.session.tools.emulator.up()
        off = ", IAM is off: every role may do everything" if info.iam == "off" else ""
        lost = f"; {info.lost}" if info.lost else ""
        if info.outdated:
            self.session.results.warn(
                f"the local AWS (pid {info.pid}) runs other code than this checkout has now: "
                f"`orchestrator emulator down {self.session.environment.name}` ends it, with everything in it, and the "
                "next deploy starts the present one"
            )
        self.session.journal.stage(step.name, f"{info.endpoint} (pid {info.pid}){off}{lost}")

    def _check_account(self, step: steps.CheckAccount) -> None:
        session, environment = self.session, self.session.environment
        local = None
        if environment.is_local:
            info = running_emulator(session.tools)
            local, self._emulator_pid = info.access, info.pid
        target = open_target(session.tools, local)
        required = LOCAL_ACCOUNT_ID if environment.is_local else environment.platform.account_id
        if required and target.account_id != required:
            raise CredentialsError(
                f"these credentials belong to account {target.account_id}, "
                f"but `{environment.name}` may be deployed to {required} only",
                hint="choose the right profile (AWS_PROFILE), or correct `account_id` in platform.yaml",
            )
        session.results.target = target
        session.journal.stage(step.name, f"account {target.account_id}, {environment.platform.region}")

    def _build_packages(self, step: steps.BuildPackages) -> None:
        tools = self.session.tools
        out = tools.repo / "build" / "packages"
        out.mkdir(parents=True, exist_ok=True)
        self.session.results.packages = tools.packager.build(out)
        self.session.journal.stage(step.name, f"{len(self.session.results.packages)} packages")

    def _scan_source(self, step: steps.ScanSource) -> None:
        tools = self.session.tools
        report = self._watch.outlived(lambda: tools.gate.scan_source(tools.repo / "terraform", fresh=step.fresh))
        self.session.results.add_policy(report)
        lifecycle.require_green(report, "the Terraform source")
        self.session.journal.stage(step.name, f"{len(report.rules_expected)} rules, no finding")

    def _open_state(self, step: steps.OpenState) -> None:
        session = self.session
        store = session.target.store
        if step.create and store.ensure_bucket():
            session.journal.stage(step.name, f"made {store.bucket}")
        load_outputs(session)
        if step.one_of and session.results.outputs.keys().isdisjoint(step.one_of):
            name = session.environment.name
            raise SmokeFailed(
                f"no blueprint of `{name}` is deployed, so there is nothing to test",
                hint=f"`orchestrator deploy {name}` deploys them",
            )

    def _run_pipeline(self, step: steps.RunPipeline) -> None:
        pipeline_step.run(self.session, step, self._interruptible(step, "the pipeline was running"))

    def _release(self, step: steps.Release) -> None:
        release_step.release(self.session, step, self._interruptible(step, "releases were running; they go on"))

    def _interruptible(self, step: Step, what: str) -> EventSink:
        """Return a sink that raises after an interrupt: what runs in AWS is only watched from here."""
        sink = self.session.journal.sink(step.name)

        def receive(event: Json) -> None:
            if self.session.cancel.is_set():
                raise PlatformError(f"interrupted while {what}")
            sink(event)

        return receive

    def _smoke_test(self, step: steps.SmokeTest) -> None:
        with self._probing:
            smoke_step.run(self.session, step)

    def _record_ends(self, plan: Plan, outcomes: dict[str, Outcome]) -> None:
        for step in plan.steps:
            outcome = outcomes[step.name]
            if not isinstance(step, steps.StackStep):
                continue
            match outcome.status:
                case "failed":
                    reason = " ".join(str(outcome.error).split()[:_REASON_WORDS])
                    seconds = self._durations.get(step.name, 0.0)
                    lifecycle.record_end(self.session, step.stack, "failed", reason, seconds)
                case "blocked":
                    lifecycle.record_end(self.session, step.stack, "skipped", f"`{outcome.blocked_by}` failed")
                case "cancelled":
                    lifecycle.record_end(self.session, step.stack, "skipped", "interrupted")

    def _verdict(self, outcomes: dict[str, Outcome]) -> tuple[ErrorResult | None, int]:
        if self._watch.gone:
            stopped = [name for name, outcome in outcomes.items() if outcome.status != "ok"]
            if stopped:
                at_work = [name for name in stopped if not isinstance(outcomes[name].error, NotCleared | None)]
                return self._failure(step := (at_work or stopped)[0], self._died(step))
        elif self.session.cancel.is_set():
            # Only an interrupt that came after the last step finds nothing to stop.
            stopped = [name for name, outcome in outcomes.items() if outcome.status == "cancelled"]
            if stopped:
                message = f"interrupted; not finished: {', '.join(stopped)}"
                hint = "repeat the command: it continues where it stopped"
                if left := verdicts.loose(outcomes, (StillWorking,)):
                    message += f"; terraform is still storing what it did: {', '.join(left)}"
                    hint = f"`orchestrator resume {self.session.environment.name}` waits for it and goes on"
                return ErrorResult(type="Interrupted", message=message, hint=hint, step=stopped[0]), EXIT_CANCELLED
        failures = [
            (name, outcome.error)
            for name, outcome in outcomes.items()
            if outcome.status == "failed" and outcome.error is not None
        ]
        if failures:
            return self._failure(*verdicts.worst(failures, self.session.environment.name))
        if self.session.results.pending:
            error = verdicts.approval_pending(self.session.results.pending)
            return self._error(error, None), error.exit_code
        if self.session.results.waiting:
            groups = ", ".join(self.session.results.waiting)
            waiting = WaitingForModel(
                f"no approved model version of {groups} yet; everything else is deployed", hint=self._way_to_a_model()
            )
            return self._error(waiting, None), waiting.exit_code
        return None, 0

    def _way_to_a_model(self) -> str:
        environment = self.session.environment
        foreign = [group for group in self.session.results.waiting if training_machine(environment, group) is None]
        if foreign:
            command = f"orchestrator model import {environment.name} {foreign[0]} ARTEFACT --framework sklearn"
            return f"no training makes versions of {foreign[0]}: `{command}` imports one"
        return f"`orchestrator deploy {environment.name} --pipeline` trains one"

    def _error(self, error: PlatformError, step: str | None) -> ErrorResult:
        hint = in_environment(error.hint, self.session.environment.name) if error.hint else None
        return ErrorResult(type=type(error).__name__, message=error.message, hint=hint, step=step)

    def _failure(self, step: str, error: Exception) -> tuple[ErrorResult, int]:
        if self._emulator_pid is not None:
            alive = self.session.tools.emulator.status()
            if alive is None or alive.pid != self._emulator_pid:
                error = self._died(step)
        error = trouble.from_exception(error) or error
        if isinstance(error, PlatformError):
            return self._error(error, step), error.exit_code
        log = self.session.journal.folder.log_file(step)
        message = f"unexpected {type(error).__name__} in `{step}`: {error}"
        hint = f"the traceback is in {log}"
        return ErrorResult(type=type(error).__name__, message=message, hint=hint, step=step), EXIT_UNEXPECTED

    def _died(self, step: str) -> EmulatorError:
        process = self.session.local_process
        pid = process.pid if process is not None else self._emulator_pid
        return EmulatorError(
            f"the local AWS (pid {pid}) died during `{step}`; everything in it is lost",
            hint=f"`orchestrator emulator logs {self.session.environment.name}` shows the end of its output; "
            "deploy again to start afresh",
        )


def _status(exit_code: int, preview: bool) -> Status:
    if exit_code == EXIT_CANCELLED:
        return "cancelled"
    if exit_code:
        return "failed"
    return "preview" if preview else "ok"
