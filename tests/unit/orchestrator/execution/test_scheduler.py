from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from orchestrator.errors import PlatformError
from orchestrator.execution.scheduler import CanWait, Clear, NotCleared, Outcome, walk
from orchestrator.planning.steps import Step


def test_a_step_waits_for_its_needs() -> None:
    order: list[str] = []
    steps = [Step("c", ("b",)), Step("b", ("a",)), Step("a", ())]
    outcomes = walk(steps, lambda step, _: order.append(step.name), parallelism=4, cancel=threading.Event())
    assert order == ["a", "b", "c"]
    assert [outcome.status for outcome in outcomes.values()] == ["ok"] * 3
    assert list(outcomes) == ["c", "b", "a"]


@pytest.mark.parametrize("parallelism", [1, 3])
def test_no_more_steps_run_at_once_than_allowed(parallelism: int) -> None:
    lock = threading.Lock()
    running = 0
    most = 0

    def work(step: Step, clear: Clear) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    walk([Step(str(n), ()) for n in range(9)], work, parallelism=parallelism, cancel=threading.Event())
    assert most == parallelism


def test_blocked_dependents_name_the_root_failure() -> None:
    def work(step: Step, clear: Clear) -> None:
        if step.name == "a":
            raise PlatformError("no")

    steps = [Step("a", ()), Step("b", ("a",)), Step("c", ("b",)), Step("other", ())]
    outcomes = walk(steps, work, parallelism=1, cancel=threading.Event())
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "a": "failed",
        "b": "blocked",
        "c": "blocked",
        "other": "ok",
    }
    assert outcomes["c"].blocked_by == "a"
    assert str(outcomes["a"].error) == "no"


def test_a_cancel_lets_running_steps_end_and_starts_no_other() -> None:
    cancel = threading.Event()
    seen: list[str] = []

    def work(step: Step, clear: Clear) -> None:
        seen.append(step.name)
        cancel.set()

    outcomes = walk([Step("a", ()), Step("b", ("a",))], work, parallelism=1, cancel=cancel)
    assert seen == ["a"]
    assert (outcomes["a"].status, outcomes["b"].status) == ("ok", "cancelled")


def test_a_failure_after_a_cancel_counts_as_cancelled() -> None:
    cancel = threading.Event()

    def work(step: Step, clear: Clear) -> None:
        cancel.set()
        raise PlatformError("terminated")

    assert walk([Step("a", ())], work, parallelism=1, cancel=cancel)["a"].status == "cancelled"


def test_needs_outside_the_plan_count_as_met() -> None:
    assert (
        walk([Step("a", ("elsewhere",))], lambda step, _: None, parallelism=1, cancel=threading.Event())["a"].error
        is None
    )


def test_the_head_of_the_longest_chain_runs_first() -> None:
    order: list[str] = []
    steps = [Step("leaf", ()), Step("other leaf", ()), Step("a", ()), Step("b", ("a",)), Step("c", ("b",))]
    walk(steps, lambda step, _: order.append(step.name), parallelism=1, cancel=threading.Event())
    assert order == ["a", "b", "leaf", "other leaf", "c"]


def test_a_step_can_wait_while_a_longer_chain_is_running() -> None:
    both, waits, can_wait = threading.Barrier(2), {}, threading.local()
    short_decided = threading.Event()

    def work(step: Step, clear: Clear) -> None:
        if step.name in ("long", "short"):
            both.wait(timeout=5)
            waits[step.name] = can_wait.here()
            short_decided.set() if step.name == "short" else short_decided.wait(timeout=5)
        else:
            waits[step.name] = can_wait.here()

    def note(answer: CanWait) -> None:
        can_wait.here = answer

    steps = [Step("long", ()), Step("then", ("long",)), Step("short", ())]
    walk(steps, work, parallelism=2, cancel=threading.Event(), on_start=note)
    assert waits == {"long": False, "short": True, "then": False}


def test_a_failure_blocks_a_long_chain_to_its_end() -> None:
    def work(step: Step, clear: Clear) -> None:
        raise PlatformError("no")

    chain = [Step(str(n), (str(n - 1),) if n else ()) for n in range(3000)]
    outcomes = walk(chain, work, parallelism=2, cancel=threading.Event())
    assert outcomes["0"].status == "failed"
    assert {(each.status, each.blocked_by) for name, each in outcomes.items() if name != "0"} == {("blocked", "0")}


def test_a_cancel_after_a_failure_leaves_its_dependents_blocked_and_stops_the_others() -> None:
    cancel = threading.Event()

    def work(step: Step, clear: Clear) -> None:
        if step.name == "bad":
            raise PlatformError("no")
        cancel.set()

    steps = [Step("bad", ()), Step("behind", ("bad",)), Step("good", ()), Step("later", ("good",))]
    outcomes = walk(steps, work, parallelism=1, cancel=cancel)
    assert {name: each.status for name, each in outcomes.items()} == {
        "bad": "failed",
        "behind": "blocked",
        "good": "ok",
        "later": "cancelled",
    }


def test_steps_that_wait_for_each_other_are_refused_before_anything_runs() -> None:
    started: list[str] = []
    steps = [Step("free", ()), Step("a", ("b",)), Step("b", ("a",))]
    with pytest.raises(AssertionError, match="wait for each other"):
        walk(steps, lambda step, _: started.append(step.name), parallelism=1, cancel=threading.Event())
    assert started == []


def gated(name: str, *needs: str) -> Step:
    return Step(name, needs, cleared_by=("gate",))


def reading_then_changing(done: list[str], gate: Callable[[], None] = lambda: None) -> Callable[[Step, Clear], None]:
    """Return the work of a gate, of steps that it clears, and of other steps."""

    def work(step: Step, clear: Clear) -> None:
        if step.name == "gate":
            gate()
        elif step.cleared_by:
            done.append(f"read {step.name}")
            clear()
            done.append(f"change {step.name}")
        else:
            done.append(step.name)

    return work


def test_a_step_reads_before_it_is_cleared_and_changes_afterwards() -> None:
    done: list[str] = []
    both_read = threading.Event()

    def gate() -> None:
        while len(done) < 2:
            time.sleep(0.001)
        assert set(done) == {"read a", "read b"}
        both_read.set()

    steps = [gated("a"), gated("b"), Step("gate", ()), gated("c", "a")]
    outcomes = walk(steps, reading_then_changing(done, gate), parallelism=3, cancel=threading.Event())
    assert {outcome.status for outcome in outcomes.values()} == {"ok"}
    assert both_read.is_set()
    assert done.index("read c") > done.index("change a")


def test_a_step_that_is_not_cleared_changes_nothing_and_blocks_its_dependents() -> None:
    done: list[str] = []

    def gate() -> None:
        while not done:
            time.sleep(0.001)
        raise PlatformError("red")

    steps = [gated("a"), gated("b", "a"), Step("c", ("b",)), Step("gate", ()), Step("other", ("start",))]
    outcomes = walk(
        [Step("start", ("a late one",)), *steps],
        reading_then_changing(done, gate),
        parallelism=2,
        cancel=threading.Event(),
    )
    assert [each for each in done if each.startswith("change")] == []
    assert "read a" in done
    assert "read b" not in done
    blocked = {name: each.blocked_by for name, each in outcomes.items() if each.status == "blocked"}
    assert blocked == {"a": "gate", "b": "gate", "c": "gate"}
    assert outcomes["other"].status == "ok"


def test_a_step_whose_gate_has_already_failed_never_starts() -> None:
    done: list[str] = []

    def gate() -> None:
        raise PlatformError("red")

    steps = [gated("a", "slow"), Step("gate", ()), Step("slow", ("gate-free",))]
    outcomes = walk(steps, reading_then_changing(done, gate), parallelism=1, cancel=threading.Event())
    assert (outcomes["a"].status, outcomes["a"].blocked_by) == ("blocked", "gate")
    assert done == ["slow"]


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_step_that_waits_for_clearance_frees_its_slot_and_gets_the_next_one(parallelism: int) -> None:
    done: list[str] = []
    working: set[str] = set()
    most = 0

    def work(step: Step, clear: Clear) -> None:
        nonlocal most
        working.add(step.name)
        if step.cleared_by:
            working.discard(step.name)
            clear()
            working.add(step.name)
        most = max(most, len(working))
        time.sleep(0.005)
        working.discard(step.name)
        done.append(step.name)

    steps = [gated("a"), gated("b"), gated("c"), Step("before the gate", ()), Step("gate", ("before the gate",))]
    later = [Step(f"later {number}", ("gate",)) for number in range(3)]
    outcomes = walk([*steps, *later], work, parallelism=parallelism, cancel=threading.Event())
    assert {outcome.status for outcome in outcomes.values()} == {"ok"}
    assert most <= parallelism
    if parallelism == 1:
        assert done[:2] == ["before the gate", "gate"]
        assert {"a", "b", "c"} & set(done[2:5])


def test_a_cancel_ends_the_wait_for_clearance() -> None:
    cancel = threading.Event()
    done: list[str] = []

    def gate() -> None:
        while not done:
            time.sleep(0.001)
        cancel.set()
        time.sleep(0.3)

    steps = [gated("a"), Step("gate", ())]
    outcomes = walk(steps, reading_then_changing(done, gate), parallelism=2, cancel=cancel)
    assert outcomes["a"].status == "cancelled"
    assert done == ["read a"]


def test_an_interrupted_walk_leaves_no_step_waiting() -> None:
    waiting = threading.Event()
    ends: list[str] = []

    def work(step: Step, clear: Clear) -> None:
        if step.name == "gate":
            assert waiting.wait(10)
            raise KeyboardInterrupt
        waiting.set()
        with pytest.raises(NotCleared, match="interrupted"):
            clear()
        ends.append(step.name)

    with pytest.raises(KeyboardInterrupt):
        walk([gated("a"), Step("gate", ())], work, parallelism=2, cancel=threading.Event())
    assert ends == ["a"]


def test_a_clearance_by_a_missing_step_is_refused() -> None:
    with pytest.raises(AssertionError, match="`a` is cleared by `gate`, which is not a step"):
        walk([gated("a")], lambda step, clear: clear(), parallelism=1, cancel=threading.Event())


@dataclass(frozen=True)
class Watched(Step):
    takes_place: ClassVar[bool] = False


def test_a_step_that_takes_no_place_runs_beside_the_others() -> None:
    started = threading.Event()

    def work(step: Step, clear: Clear) -> None:
        if isinstance(step, Watched):
            assert started.wait(10)
        else:
            started.set()

    steps = [Watched("watched", ()), Step("work", ())]
    outcomes = walk(steps, work, parallelism=1, cancel=threading.Event())
    assert outcomes == {"watched": Outcome("ok"), "work": Outcome("ok")}
