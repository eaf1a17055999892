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


def test_everyone_waits_for_what_it_needs() -> None:
    order: list[str] = []
    steps = [Step("c", ("b",)), Step("b", ("a",)), Step("a", ())]
    outcomes = walk(steps, lambda step, _: order.append(step.name), parallelism=4, cancel=threading.Event())
    assert order == ["a", "b", "c"]
    assert [outcome.status for outcome in outcomes.values()] == ["ok"] * 3
    assert list(outcomes) == ["c", "b", "a"]


@pytest.mark.parametrize("parallelism", [1, 3])
def test_never_more_at_once_than_allowed(parallelism: int) -> None:
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


def test_a_failure_blocks_its_dependents_with_the_root_of_it() -> None:
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


def test_needs_outside_the_plan_are_taken_as_met() -> None:
    assert (
        walk([Step("a", ("elsewhere",))], lambda step, _: None, parallelism=1, cancel=threading.Event())["a"].error
        is None
    )


def test_what_the_longest_chain_waits_for_goes_first() -> None:
    order: list[str] = []
    steps = [Step("leaf", ()), Step("other leaf", ()), Step("a", ()), Step("b", ("a",)), Step("c", ("b",))]
    walk(steps, lambda step, _: order.append(step.name), parallelism=1, cancel=threading.Event())
    assert order == ["a", "b", "leaf", "other leaf", "c"]


def test_a_step_gives_way_while_a_longer_chain_is_under_way() -> None:
    both, gives_way, can_wait = threading.Barrier(2), {}, threading.local()
    short_decided = threading.Event()

    def work(step: Step, clear: Clear) -> None:
        if step.name in ("long", "short"):
            both.wait(timeout=5)
            gives_way[step.name] = can_wait.here()
            short_decided.set() if step.name == "short" else short_decided.wait(timeout=5)
        else:
            gives_way[step.name] = can_wait.here()

    def note(answer: CanWait) -> None:
        can_wait.here = answer

    steps = [Step("long", ()), Step("then", ("long",)), Step("short", ())]
    walk(steps, work, parallelism=2, cancel=threading.Event(), on_start=note)
    assert gives_way == {"long": False, "short": True, "then": False}


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


def looking_then_changing(done: list[str], gate: Callable[[], None] = lambda: None) -> Callable[[Step, Clear], None]:
    """Work of a gate, of steps that it clears, and of others."""

    def work(step: Step, clear: Clear) -> None:
        if step.name == "gate":
            gate()
        elif step.cleared_by:
            done.append(f"look {step.name}")
            clear()
            done.append(f"change {step.name}")
        else:
            done.append(step.name)

    return work


def test_a_step_looks_before_it_is_cleared_and_changes_nothing_before() -> None:
    done: list[str] = []
    looked = threading.Event()

    def gate() -> None:
        while len(done) < 2:
            time.sleep(0.001)
        assert set(done) == {"look a", "look b"}
        looked.set()

    steps = [gated("a"), gated("b"), Step("gate", ()), gated("c", "a")]
    outcomes = walk(steps, looking_then_changing(done, gate), parallelism=3, cancel=threading.Event())
    assert {outcome.status for outcome in outcomes.values()} == {"ok"}
    assert looked.is_set()
    assert done.index("look c") > done.index("change a")


def test_a_step_that_is_not_cleared_changes_nothing_and_blocks_what_needs_it() -> None:
    done: list[str] = []

    def gate() -> None:
        while not done:
            time.sleep(0.001)
        raise PlatformError("red")

    steps = [gated("a"), gated("b", "a"), Step("c", ("b",)), Step("gate", ()), Step("other", ("start",))]
    outcomes = walk(
        [Step("start", ("a late one",)), *steps],
        looking_then_changing(done, gate),
        parallelism=2,
        cancel=threading.Event(),
    )
    assert [each for each in done if each.startswith("change")] == []
    assert "look a" in done
    assert "look b" not in done
    blocked = {name: each.blocked_by for name, each in outcomes.items() if each.status == "blocked"}
    assert blocked == {"a": "gate", "b": "gate", "c": "gate"}
    assert outcomes["other"].status == "ok"


def test_a_step_whose_gate_has_failed_already_never_starts() -> None:
    done: list[str] = []

    def gate() -> None:
        raise PlatformError("red")

    steps = [gated("a", "slow"), Step("gate", ()), Step("slow", ("gate-free",))]
    outcomes = walk(steps, looking_then_changing(done, gate), parallelism=1, cancel=threading.Event())
    assert (outcomes["a"].status, outcomes["a"].blocked_by) == ("blocked", "gate")
    assert done == ["slow"]


@pytest.mark.parametrize("parallelism", [1, 2])
def test_who_waits_for_clearance_holds_no_place_and_gets_it_back_first(parallelism: int) -> None:
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


def test_a_cancel_ends_the_waiting_for_clearance() -> None:
    cancel = threading.Event()
    done: list[str] = []

    def gate() -> None:
        while not done:
            time.sleep(0.001)
        cancel.set()
        time.sleep(0.3)

    steps = [gated("a"), Step("gate", ())]
    outcomes = walk(steps, looking_then_changing(done, gate), parallelism=2, cancel=cancel)
    assert outcomes["a"].status == "cancelled"
    assert done == ["look a"]


def test_an_interrupted_walker_leaves_nobody_waiting() -> None:
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


def test_a_clearance_that_nobody_can_give_is_refused() -> None:
    with pytest.raises(AssertionError, match="`a` is cleared by `gate`, which is not a step"):
        walk([gated("a")], lambda step, clear: clear(), parallelism=1, cancel=threading.Event())


@dataclass(frozen=True)
class Watched(Step):
    takes_place: ClassVar[bool] = False


def test_a_step_that_is_only_watched_takes_no_place() -> None:
    started = threading.Event()

    def work(step: Step, clear: Clear) -> None:
        if isinstance(step, Watched):
            assert started.wait(10)
        else:
            started.set()

    steps = [Watched("watched", ()), Step("work", ())]
    outcomes = walk(steps, work, parallelism=1, cancel=threading.Event())
    assert outcomes == {"watched": Outcome("ok"), "work": Outcome("ok")}
