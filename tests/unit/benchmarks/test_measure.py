from __future__ import annotations

import sys

import pytest

from benchmarks.measure import Goal, Series, in_turns, run


def test_a_ratio_is_one_of_medians() -> None:
    baseline = Series("bare", "bare", (2.0, 1.0, 9.0))
    assert Series("ours", "ours", (1.0, 1.0, 7.0)).over(baseline) == 0.5


@pytest.mark.parametrize(("value", "verdict"), [(0.4, "met"), (0.41, "MISSED")])
def test_a_goal_is_met_up_to_its_limit(value: float, verdict: str) -> None:
    assert Goal("figure", value, 0.4).verdict == verdict


def test_things_take_turns() -> None:
    order: list[str] = []

    def thing(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    series = in_turns({"a": ("run a", lambda: thing("a", 1.0)), "b": ("run b", lambda: thing("b", 2.0))}, 2)
    assert order == ["a", "b", "a", "b"]
    assert series["b"] == Series("b", "run b", (2.0, 2.0))


def test_a_command_that_fails_has_no_time() -> None:
    with pytest.raises(SystemExit, match=r"ended with 3:\nsorry"):
        run([sys.executable, "-c", "print('sorry'); raise SystemExit(3)"])


def test_a_command_knows_little_of_the_shell_that_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_REATTACH_PROVIDERS", "{}")
    done = run([sys.executable, "-c", "import os; print(os.environ.get('TF_REATTACH_PROVIDERS'))"])
    assert done.stdout == "None\n"
