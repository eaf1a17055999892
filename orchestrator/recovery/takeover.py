"""Takes up what unfinished runs have left, before another one begins.

Terraforms that still run are waited for, locks of dead ones released, and each run gets the result that it could not
write any more. What a killed terraform had made, and no state knows, is imported later, by the step of its stack.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.errors import StateLocked
from orchestrator.recovery import locks, unfinished
from orchestrator.recovery.closing import close
from orchestrator.recovery.following import ask_to_stop, follow
from orchestrator.recovery.unfinished import Unfinished
from orchestrator.runs.run_folder import now
from orchestrator.session.target import Target
from orchestrator.system import identity
from orchestrator.terraform.record import Record

_FRESH = dt.timedelta(hours=24)
"""How long a step counts as done that an unfinished run did."""


@dataclass(frozen=True)
class Left:
    """What there is to take up."""

    runs: tuple[Unfinished, ...] = ()
    """Whose process is gone, or unknown; the oldest first."""
    applies: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    """By stack, those that were killed."""

    @property
    def is_empty(self) -> bool:
        return not self.runs and not self.applies

    def of_aws(self, started: str | None) -> Left:
        """Without applies to an earlier local AWS than the one started then (`None`: there is none now)."""
        since = locks.moment(started or "")
        applies = {
            stack: kept
            for stack, each in self.applies.items()
            if since and (kept := tuple(apply for apply in each if _is_later(apply, since)))
        }
        return replace(self, applies=applies)

    @property
    def executions(self) -> tuple[str, ...]:
        """Names of executions of the training pipeline that these runs have started."""
        return tuple(name for run in self.runs for name in run.executions)

    @property
    def done(self) -> frozenset[str]:
        """Steps that the newest run has done, if that is not too long ago."""
        newest = self.runs[-1] if self.runs else None
        begun = newest.begun if newest else None
        fresh = begun is not None and now() - begun < _FRESH
        return newest.finished if newest and fresh else frozenset()


def look(repo: Path, environment: str) -> Left:
    """What is left of runs of an environment."""
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
    """Bring all of it to an end.

    Args:
        left: from `look`.
        repo: the checkout.
        environment: whose runs they are.
        target: the AWS that has the states; `None` for a local one that is gone, and all states with it.
        say: tells a person.
        stop: whether to interrupt terraforms that still run, rather than wait for their end.
        force: whether what ran on another machine counts as dead.
        strict: whether to refuse runs of which nothing is known, rather than to leave them as they are.

    Raises:
        StateLocked: a run cannot be taken up, since it may still be at work elsewhere.
        Interrupted: a person stopped waiting for a terraform.
    """
    unknown = [] if force else [run for run in left.runs if _is_unknown(run)]
    if unknown and strict:
        raise StateLocked(
            f"run {unknown[-1].run_id} (`{unknown[-1].command}`) may still be at work: it ran on another machine, "
            f"{unknown[-1].host}",
            hint=f"if that machine is certainly gone, `orchestrator resume {environment} --force` takes it up",
        )
    runs = [run for run in left.runs if run not in unknown]
    living = [each for run in runs for each in run.open if _lives(each)]
    if stop:
        for each in living:  # all at once, before the first is waited for
            ask_to_stop(each)
    for each in living:
        follow(each, environment, say, stop=stop)
    if target is not None:
        _release(runs, repo, environment, target, say, force=force)
    for run in runs:
        close(run)
        say(f"run {run.run_id} (`{run.command}`) is closed: its process is gone")
        for name in run.executions:
            say(f"it has started the training pipeline `{name}`, which runs in AWS by itself")


def _release(
    runs: list[Unfinished], repo: Path, environment: str, target: Target, say: Callable[[str], None], *, force: bool
) -> None:
    """Free the locks of dead processes; by force also those that these runs took on another machine."""
    own = {run.run_id for run in runs}
    for lock in locks.held(target.store, repo, environment, target.endpoint):
        forced = force and lock.life == "unknown" and lock.run_id in own
        if (lock.life == "dead" or forced) and target.store.remove_lock(lock.stored):
            say(f"lock of `{lock.stack}` freed: {locks.words(lock)}")


def _is_unknown(run: Unfinished) -> bool:
    lives = [identity.life(each.process) for each in run.open if each.process is not None]
    return run.life == "unknown" or "unknown" in lives


def _is_later(record: Record, since: dt.datetime) -> bool:
    command = record.command
    at = locks.moment(command.at) if command else None
    return at is not None and at >= since


def _lives(record: Record) -> bool:
    return record.process is not None and identity.life(record.process) == "alive"
