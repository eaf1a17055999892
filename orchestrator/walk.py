"""Walks named steps in dependency order, some at the same time.

Knows nothing of what a step does. Of the steps that could start, the one goes first that the longest chain
of others waits for. A step that fails blocks those that wait for it, and nobody else; a set cancel event
starts no further step and waits for the running ones to wind up.
"""

from __future__ import annotations

import graphlib
import heapq
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    schedule = _Schedule(steps)
    running: dict[Future[None], Step] = {}
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="step") as pool:
        while True:
            if cancel.is_set():
                schedule.cancel_rest(step.name for step in running.values())
            while len(running) < parallelism and (step := schedule.next()):
                running[pool.submit(work, step)] = step
            if not running:
                return {step.name: schedule.outcomes[step.name] for step in steps}
            done, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                schedule.end(running.pop(future).name, _outcome(future, cancel))


def _outcome(future: Future[None], cancel: threading.Event) -> Outcome:
    error = future.exception()
    if error is None:
        return Outcome("ok")
    if not isinstance(error, Exception):
        raise error
    return Outcome("cancelled" if cancel.is_set() else "failed", error)


class _Schedule:
    """Which step may start next; every end of a step costs only what waits for it."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._steps = {step.name: step for step in steps}
        self._position = {step.name: position for position, step in enumerate(steps)}
        self._open = {step.name: {need for need in step.needs if need in self._steps} for step in steps}
        self._dependents: dict[str, list[str]] = {name: [] for name in self._steps}
        for name, needs in self._open.items():
            for need in needs:
                self._dependents[need].append(name)
        self._followers = _longest_chains(self._open, self._dependents)
        self._ready: list[tuple[int, int, str]] = []
        for name, needs in self._open.items():
            if not needs:
                self._make_ready(name)

    def next(self) -> Step | None:
        """Take the step that should start now, if one may."""
        while self._ready:
            name = heapq.heappop(self._ready)[-1]
            if name not in self.outcomes:
                return self._steps[name]
        return None

    def end(self, name: str, outcome: Outcome) -> None:
        """Note how a step ended; those behind it become ready, or blocked for good."""
        self.outcomes[name] = outcome
        match outcome.status:
            case "ok":
                for dependent in self._dependents[name]:
                    self._open[dependent].discard(name)
                    if not self._open[dependent]:
                        self._make_ready(dependent)
            case "failed":
                self._block(name)
            case _:  # cancelled: and so is the rest, by whoever watches the event
                pass

    def _block(self, root: str) -> None:
        """Nothing that waits for a failed step, directly or not, can run any more."""
        waiting = list(self._dependents[root])
        while waiting:
            name = waiting.pop()
            if name not in self.outcomes:
                self.outcomes[name] = Outcome("blocked", blocked_by=root)
                waiting.extend(self._dependents[name])

    def cancel_rest(self, running: Iterable[str]) -> None:
        """Everything that neither runs nor has ended will not start any more."""
        kept = {*running, *self.outcomes}
        self.outcomes.update({name: Outcome("cancelled") for name in self._steps if name not in kept})

    def _make_ready(self, name: str) -> None:
        heapq.heappush(self._ready, (-self._followers[name], self._position[name], name))


def _longest_chains(needs: Mapping[str, set[str]], dependents: Mapping[str, list[str]]) -> dict[str, int]:
    """For each step the number of steps in the longest chain that waits for it."""
    try:
        order = list(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError as error:
        raise AssertionError(f"steps wait for each other: {error.args[1]}") from error
    followers: dict[str, int] = {}
    for name in reversed(order):
        followers[name] = max((followers[each] + 1 for each in dependents[name]), default=0)
    return followers
