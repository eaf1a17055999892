"""Walks named steps in dependency order, some at the same time.

Knows nothing of what a step does. A step that fails blocks those that wait for it, and nobody else; a
set cancel event starts no further step and waits for the running ones to wind up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from orchestrator.plan import Step

Status = Literal["ok", "failed", "blocked", "cancelled"]
_POLL_SECONDS = 0.2
"""How long the walker may overlook a cancel event while every step is busy."""


@dataclass(frozen=True)
class Outcome:
    status: Status
    error: Exception | None = None
    blocked_by: str | None = None
    """The failed step at the root of it."""


def walk(
    steps: Sequence[Step],
    work: Callable[[Step], None],
    *,
    parallelism: int,
    cancel: threading.Event,
) -> dict[str, Outcome]:
    """Run `work` on every step; each ends up with an outcome. Names in `needs` that are no steps are ignored."""
    names = {step.name for step in steps}
    waiting = {step.name: step for step in steps}
    outcomes: dict[str, Outcome] = {}
    running: dict[Future[None], Step] = {}
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="step") as pool:
        while waiting or running:
            _settle(waiting, outcomes, cancel)
            for step in _ready(waiting, outcomes, names)[: parallelism - len(running)]:
                del waiting[step.name]
                running[pool.submit(work, step)] = step
            if not running:
                if waiting and not _progress_possible(waiting, outcomes, names):
                    raise AssertionError(f"steps wait for each other: {sorted(waiting)}")
                continue
            done, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                step = running.pop(future)
                outcomes[step.name] = _outcome(future, cancel)
    return {step.name: outcomes[step.name] for step in steps}


def _outcome(future: Future[None], cancel: threading.Event) -> Outcome:
    error = future.exception()
    if error is None:
        return Outcome("ok")
    if not isinstance(error, Exception):
        raise error
    return Outcome("cancelled" if cancel.is_set() else "failed", error)


def _settle(waiting: dict[str, Step], outcomes: dict[str, Outcome], cancel: threading.Event) -> None:
    """Give an outcome to every step that can no longer run."""
    changed = True
    while changed:
        changed = False
        for name, step in list(waiting.items()):
            outcome = Outcome("cancelled") if cancel.is_set() else _blocked(step, outcomes)
            if outcome:
                outcomes[name] = outcome
                del waiting[name]
                changed = True


def _blocked(step: Step, outcomes: dict[str, Outcome]) -> Outcome | None:
    for need in step.needs:
        before = outcomes.get(need)
        if before and before.status != "ok":
            return Outcome("blocked", blocked_by=before.blocked_by or need)
    return None


def _ready(waiting: dict[str, Step], outcomes: dict[str, Outcome], names: set[str]) -> list[Step]:
    return [step for step in waiting.values() if all(need in outcomes for need in step.needs if need in names)]


def _progress_possible(waiting: dict[str, Step], outcomes: dict[str, Outcome], names: set[str]) -> bool:
    return bool(_ready(waiting, outcomes, names)) or any(_blocked(step, outcomes) for step in waiting.values())
