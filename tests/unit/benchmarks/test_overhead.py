from __future__ import annotations

import pytest

from benchmarks.overhead import FLAT_FROM, FLAT_TO, Measured, Unit, bound, flatness, makespan, units


def test_odd_units_depend_on_the_even_one_before_them() -> None:
    assert [(unit.name, unit.needs) for unit in units(4, seed=1)] == [
        ("unit-0", ()),
        ("unit-1", ("unit-0",)),
        ("unit-2", ()),
        ("unit-3", ("unit-2",)),
    ]


def test_the_same_seed_gives_the_same_units_within_the_limits() -> None:
    assert units(64, seed=7) == units(64, seed=7)
    assert units(64, seed=7) != units(64, seed=8)
    assert all(0.1 <= unit.seconds <= 0.3 for unit in units(64, seed=7))


@pytest.mark.parametrize(("parallelism", "seconds"), [(1, 7.0), (2, 5.0), (100, 5.0)])
def test_the_bound_is_the_longest_chain_or_all_work_spread_evenly(parallelism: int, seconds: float) -> None:
    steps = [Unit("a", (), 2.0), Unit("b", ("a",), 3.0), Unit("c", (), 2.0)]
    assert bound(steps, parallelism) == seconds


def test_units_run_through_the_real_executor() -> None:
    steps = units(6, seed=1, shortest=0.01, longest=0.01)
    assert makespan(steps, 2) >= bound(steps, 2)


def test_flat_means_a_unit_costs_the_same_among_many() -> None:
    few, many = Measured(FLAT_FROM, 1, 1, 0.5), Measured(FLAT_TO, 1, 1, 0.75)
    assert flatness({FLAT_FROM: few, FLAT_TO: many}) == 1.5
