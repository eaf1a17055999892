"""Clean up after unfinished runs, before another one begins.

Terraform processes that still run are waited for, locks of dead ones are released, and each run gets the result that it
could not write. Resources that a killed terraform created and no state has are imported later, by the stack's step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.errors import StateLocked
from orchestrator.recovery import locks, unfinished
from orchestrator.recovery.closing import close
from orchestrator.recovery.following import follow, interrupt
from orchestrator.recovery.unfinished import Unfinished
from orchestrator.runs.run_folder import now
from orchestrator.session.target import Target
from orchestrator.system import identity
from orchestrator.terraform.record import Record

_FRESH = dt.timedelta(hours=24)
"""How long a step that an unfinished run completed counts as done."""


@dataclass(frozen=True)
class Left:
    """What unfinished runs have left."""

    runs: tuple[Unfinished, ...] = ()
    """The runs whose process is dead or unknown, the oldest first."""
    applies: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    """The killed applies by stack."""

    @property
    def is_empty(self) -> bool:
        return not self.runs and not self.applies

    def of_aws(self, started: str | None) -> Left:
        """Drop the applies to a local AWS that is older than the given start (`None`: none is running)."""
        since = locks.moment(started or "")
        applies = {
            stack: kept
            for stack, each in self.applies.items()
            if since and (kept := tuple(apply for apply in each if _is_later(apply, since)))
        }
        return replace(self, applies=applies)

    @property
    def executions(self) -> tuple[str, ...]:
        """The names of the training pipeline's executions that these runs have started."""
        return tuple(name for run in self.runs for name in run.executions)

    @property
    def done(self) -> frozenset[str]:
        """The steps that the newest run has completed, if it is recent enough."""
        newest = self.runs[-1] if self.runs else None
        begun = newest.begun if newest else None
        fresh = begun is not None and now() - begun < _FRESH
        return newest.finished if newest and fresh else frozenset()


def look(repo: Path, environment: str) -> Left:
    """Find what unfinished runs of an environment have left."""
    runs = tuple(run for run in unfinished.find(repo, environment) if run.life != "alive")
    return Left(runs, unfinished.killed(repo, environment))


def take_up(
    left: Left,
    repo: Path,
    environment: str,
    target: Target | None,
    say: Callable[[str], None],
    *,
    stop: bool = False,
    force: bool = False,
    strict: bool = False,
) -> None:
    """Clean up after the unfinished runs.

    Args:
        left: the result of `look`.
        repo: the checkout.
        environment: the environment of the runs.
        target: the AWS that has the states; `None` for a local one that is gone, with all its states.
        say: prints a line for the user.
        stop: whether to interrupt terraform processes that still run, instead of waiting for their end.
        force: whether processes on other machines count as dead.
        strict: whether to refuse runs whose process is unknown, instead of skipping them.

    Raises:
        StateLocked: a run cannot be closed, since it may still be running on another machine.
        Interrupted: the user stopped waiting for a terraform process.
    """
    unknown = [] if force else [run for run in left.runs if _is_unknown(run)]
    if unknown and strict:
        raise StateLocked(
            f"run {unknown[-1].run_id} (`{unknown[-1].command}`) may still be running: it ran on another machine, "
            f"{unknown[-1].host}",
            hint=f"if that machine is certainly gone, run `orchestrator resume {environment} --force`",
        )
    runs = [run for run in left.runs if run not in unknown]
    living = [each for run in runs for each in run.open if _lives(each)]
    if stop:
        for each in living:  # all at once, before the first is waited for
            interrupt(each)
    for each in living:
        follow(each, environment, say, stop=stop)
    if target is not None:
        _release(runs, repo, environment, target, say, force=force)
    for run in runs:
        close(run)
        say(f"run {run.run_id} (`{run.command}`) is closed: its process died")
        for name in run.executions:
            say(f"it has started the training pipeline `{name}`, which continues in AWS")


def _release(
    runs: list[Unfinished], repo: Path, environment: str, target: Target, say: Callable[[str], None], *, force: bool
) -> None:
    """Release the locks of dead processes; with `force` also those that these runs took on another machine."""
    own = {run.run_id for run in runs}
    for lock in locks.held(target.store, repo, environment, target.endpoint):
        forced = force and lock.life == "unknown" and lock.run_id in own
        if (lock.life == "dead" or forced) and target.store.remove_lock(lock.stored):
            say(f"lock of `{lock.stack}` released: {locks.describe(lock)}")


def _is_unknown(run: Unfinished) -> bool:
    lives = [identity.life(each.process) for each in run.open if each.process is not None]
    return run.life == "unknown" or "unknown" in lives


def _is_later(record: Record, since: dt.datetime) -> bool:
    command = record.command
    at = locks.moment(command.at) if command else None
    return at is not None and at >= since


def _lives(record: Record) -> bool:
    return record.process is not None and identity.life(record.process) == "alive"
