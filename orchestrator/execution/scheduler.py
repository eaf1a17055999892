"""Walks named steps in dependency order, several at a time.

The scheduler is independent of what a step does. Of the steps that are ready, the one with the longest chain of
dependents starts first; `on_start` receives a function that says whether a step should give way to a longer chain. A
failed step blocks its dependents and no other step. Once the cancel event is set, no further step starts, and the
running ones are waited for.

A step may start before the steps that it is `cleared_by` have succeeded; it requests that clearance itself before it
changes anything. While it waits, another step takes its place.
"""

from __future__ import annotations

import graphlib
import heapq
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal

from orchestrator.planning.steps import Step

Status = Literal["ok", "failed", "blocked", "cancelled"]
Clear = Callable[[], None]
"""Returns once the step that calls it may change something. Raises `NotCleared`."""
CanWait = Callable[[], bool]
"""Whether a step with a longer chain of dependents is running. For any thread."""
_POLL_SECONDS = 0.2
"""How long it may take to notice the cancel event while every step is busy."""


class NotCleared(Exception):
    """Raised where a step must not go on: a step that clears it has failed, or the walk was cancelled.

    Args:
        blocked_by: the failed step; `None` after a cancel.
    """

    def __init__(self, blocked_by: str | None) -> None:
        super().__init__(f"`{blocked_by}` failed" if blocked_by else "interrupted")
        self.blocked_by = blocked_by


@dataclass(frozen=True)
class Outcome:
    status: Status
    error: Exception | None = None
    blocked_by: str | None = None
    """The failed step that caused it."""


def walk(
    steps: Sequence[Step],
    work: Callable[[Step, Clear], None],
    *,
    parallelism: int,
    cancel: threading.Event,
    on_start: Callable[[CanWait], object] = lambda can_wait: None,
) -> dict[str, Outcome]:
    """Run `work` on every step and return the outcome of each.

    Args:
        steps: names in `needs` that belong to none of them are ignored.
        work: called in a thread for each step.
        parallelism: how many steps that take a place run at the same time.
        cancel: once set, no further step starts.
        on_start: called in the thread of each step before its work.
    """
    schedule = _Schedule(steps)
    running: dict[Future[None], Step] = {}
    ended: SimpleQueue[Future[None] | None] = SimpleQueue()
    places = _Places(parallelism, schedule.outcomes, cancel, on_free=lambda: ended.put(None))

    def run(step: Step) -> None:
        on_start(lambda: schedule.can_wait(step.name))
        work(step, lambda: places.wait(step))

    def start(step: Step) -> None:
        future = pool.submit(run, step)
        running[future] = step
        future.add_done_callback(ended.put)

    # On the way out, first the steps that wait for clearance are released, then all are waited for.
    with ThreadPoolExecutor(max_workers=max(len(steps), 1), thread_name_prefix="step") as pool, closing(places):
        while True:
            if cancel.is_set():
                schedule.cancel_rest(step.name for step in running.values())
            while step := schedule.next(places.take):
                start(step)
            if not running:
                return {step.name: schedule.outcomes[step.name] for step in steps}
            for future in _next(ended):
                step = running.pop(future)
                outcome = _outcome(future, cancel)
                schedule.end(step.name, outcome)
                if step.takes_place:
                    places.give()
                places.notify()


def _next(ended: SimpleQueue[Future[None] | None]) -> list[Future[None]]:
    """Return what has ended, waiting a moment for the first; a `None` only wakes up the caller."""
    ended_now = []
    try:
        ended_now.append(ended.get(timeout=_POLL_SECONDS))
        while True:
            ended_now.append(ended.get_nowait())
    except Empty:
        return [future for future in ended_now if future is not None]


def _outcome(future: Future[None], cancel: threading.Event) -> Outcome:
    error = future.exception()
    if error is None:
        return Outcome("ok")
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, NotCleared) and error.blocked_by:
        return Outcome("blocked", error, error.blocked_by)
    return Outcome("cancelled" if cancel.is_set() else "failed", error)


class _Places:
    """Limits how many steps work at a time, and gives clearance to those that wait for it without a place.

    Args:
        outcomes: how steps have ended, as the walker fills it in.
        on_free: called when a place has become free before its step has ended.
    """

    def __init__(
        self, limit: int, outcomes: Mapping[str, Outcome], cancel: threading.Event, on_free: Callable[[], None]
    ) -> None:
        self._free = limit
        self._outcomes, self._cancel, self._on_free = outcomes, cancel, on_free
        self._waiting: list[tuple[str, ...]] = []
        self._changed = threading.Condition()
        self._closed = False

    def close(self) -> None:
        """End the walk: no clearance is given any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self) -> bool:
        """Take a place for a step that starts, if one is free; steps that wait to get theirs back come first."""
        with self._changed:
            if self._free <= sum(self._is_decided(names) for names in self._waiting):
                return False
            self._free -= 1
            return True

    def give(self) -> None:
        with self._changed:
            self._free += 1

    def notify(self) -> None:
        """Wake up waiting steps after outcomes or places have changed."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, step: Step) -> None:
        """Return when every step that clears this one has succeeded; meanwhile its place is free."""
        with self._changed:
            if not self._is_decided(step.cleared_by):
                self._waiting.append(step.cleared_by)
                if step.takes_place:
                    self._free += 1
                    self._on_free()
                # The place is taken again in any case: the walker frees one for each step that ends.
                while not self._over and (not self._is_decided(step.cleared_by) or step.takes_place > self._free):
                    self._changed.wait(_POLL_SECONDS)
                self._waiting.remove(step.cleared_by)
                self._free -= step.takes_place
        for name in step.cleared_by:
            outcome = self._outcomes.get(name)
            if outcome is not None and outcome.status in ("failed", "blocked"):
                raise NotCleared(outcome.blocked_by or name)
            if self._over or outcome is None or outcome.status != "ok":
                raise NotCleared(None)

    def _is_decided(self, names: Iterable[str]) -> bool:
        return self._over or all(name in self._outcomes for name in names)

    @property
    def _over(self) -> bool:
        return self._closed or self._cancel.is_set()


class _Schedule:
    """Decides which step starts next. The end of a step costs time in proportion to its dependents only."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._started: set[str] = set()
        self._steps = {step.name: step for step in steps}
        self._position = {step.name: position for position, step in enumerate(steps)}
        self._open = {step.name: {need for need in step.needs if need in self._steps} for step in steps}
        self._dependents: dict[str, list[str]] = {name: [] for name in self._steps}
        for name, needs in self._open.items():
            for need in needs:
                self._dependents[need].append(name)
        self._cleared: dict[str, list[str]] = {name: [] for name in self._steps}
        for step in steps:
            for name in step.cleared_by:
                assert name in self._steps, f"`{step.name}` is cleared by `{name}`, which is not a step"
                self._cleared[name].append(step.name)
        self._followers = _longest_chains(steps, self._steps)
        self._ready: list[tuple[int, int, str]] = []
        self._ready_anyway: list[tuple[int, int, str]] = []
        """Ready steps that take no place."""
        for name, needs in self._open.items():
            if not needs:
                self._make_ready(name)

    def next(self, place: Callable[[], bool]) -> Step | None:
        """Return the step that should start now, if any; `place` takes a place for it, if one is free."""
        for ready, needs_place in ((self._ready_anyway, False), (self._ready, True)):
            while ready:
                name = ready[0][-1]
                if name in self.outcomes:
                    heapq.heappop(ready)
                elif not needs_place or place():
                    heapq.heappop(ready)
                    self._started.add(name)
                    return self._steps[name]
                else:
                    break
        return None

    def end(self, name: str, outcome: Outcome) -> None:
        """Note how a step ended; its dependents become ready, or blocked for good."""
        self.outcomes[name] = outcome
        match outcome.status:
            case "ok":
                for dependent in self._dependents[name]:
                    self._open[dependent].discard(name)
                    if not self._open[dependent]:
                        self._make_ready(dependent)
            case "failed":
                self._block(name, name)
            case "blocked":
                self._block(name, str(outcome.blocked_by))
            case _:  # cancelled: the walk cancels the rest
                pass

    def can_wait(self, name: str) -> bool:
        """Whether another running step has a longer chain of dependents. For any thread."""
        under_way = self._started - self.outcomes.keys()
        return any(self._followers[other] > self._followers[name] for other in under_way)

    def _block(self, name: str, root: str) -> None:
        """Block all direct and indirect dependents that have not started; running ones notice it themselves."""
        waiting = [*self._dependents[name], *self._cleared[name]]
        while waiting:
            name = waiting.pop()
            if name not in self.outcomes and name not in self._started:
                self.outcomes[name] = Outcome("blocked", blocked_by=root)
                waiting += [*self._dependents[name], *self._cleared[name]]

    def cancel_rest(self, running: Iterable[str]) -> None:
        """Cancel every step that neither runs nor has ended."""
        kept = {*running, *self.outcomes}
        self.outcomes.update({name: Outcome("cancelled") for name in self._steps if name not in kept})

    def _make_ready(self, name: str) -> None:
        ready = self._ready if self._steps[name].takes_place else self._ready_anyway
        heapq.heappush(ready, (-self._followers[name], self._position[name], name))


def _longest_chains(steps: Sequence[Step], known: Mapping[str, Step]) -> dict[str, int]:
    """Return for each step the length of its longest chain of dependents, clearance included."""
    waits = {step.name: {name for name in (*step.needs, *step.cleared_by) if name in known} for step in steps}
    try:
        order = list(graphlib.TopologicalSorter(waits).static_order())
    except graphlib.CycleError as error:
        raise AssertionError(f"steps wait for each other: {error.args[1]}") from error
    followers = dict.fromkeys(order, 0)
    for name in reversed(order):
        for each in waits[name]:
            followers[each] = max(followers[each], followers[name] + 1)
    return followers
