from __future__ import annotations

import threading
import time

import pytest

from orchestrator.errors import PlatformError
from orchestrator.plan import Step
from orchestrator.walk import walk


def test_everyone_waits_for_what_it_needs() -> None:
    order: list[str] = []
    steps = [Step("c", ("b",)), Step("b", ("a",)), Step("a", ())]
    outcomes = walk(steps, lambda step: order.append(step.name), parallelism=4, cancel=threading.Event())
    assert order == ["a", "b", "c"]
    assert [outcome.status for outcome in outcomes.values()] == ["ok"] * 3
    assert list(outcomes) == ["c", "b", "a"]


@pytest.mark.parametrize("parallelism", [1, 3])
def test_never_more_at_once_than_allowed(parallelism: int) -> None:
    lock = threading.Lock()
    running = 0
    most = 0

    def work(step: Step) -> None:
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
    def work(step: Step) -> None:
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

    def work(step: Step) -> None:
        seen.append(step.name)
        cancel.set()

    outcomes = walk([Step("a", ()), Step("b", ("a",))], work, parallelism=1, cancel=cancel)
    assert seen == ["a"]
    assert (outcomes["a"].status, outcomes["b"].status) == ("ok", "cancelled")


def test_a_failure_after_a_cancel_counts_as_cancelled() -> None:
    cancel = threading.Event()

    def work(step: Step) -> None:
        cancel.set()
        raise PlatformError("terminated")

    assert walk([Step("a", ())], work, parallelism=1, cancel=cancel)["a"].status == "cancelled"


def test_needs_outside_the_plan_are_taken_as_met() -> None:
    assert (
        walk([Step("a", ("elsewhere",))], lambda step: None, parallelism=1, cancel=threading.Event())["a"].error is None
    )


def test_what_the_longest_chain_waits_for_goes_first() -> None:
    order: list[str] = []
    steps = [Step("leaf", ()), Step("other leaf", ()), Step("a", ()), Step("b", ("a",)), Step("c", ("b",))]
    walk(steps, lambda step: order.append(step.name), parallelism=1, cancel=threading.Event())
    assert order == ["a", "b", "leaf", "other leaf", "c"]


def test_a_failure_blocks_a_long_chain_to_its_end() -> None:
    def work(step: Step) -> None:
        raise PlatformError("no")

    chain = [Step(str(n), (str(n - 1),) if n else ()) for n in range(3000)]
    outcomes = walk(chain, work, parallelism=2, cancel=threading.Event())
    assert outcomes["0"].status == "failed"
    assert {(each.status, each.blocked_by) for name, each in outcomes.items() if name != "0"} == {("blocked", "0")}


def test_a_cancel_after_a_failure_leaves_its_dependents_blocked_and_stops_the_others() -> None:
    cancel = threading.Event()

    def work(step: Step) -> None:
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
        walk(steps, lambda step: started.append(step.name), parallelism=1, cancel=threading.Event())
    assert started == []
