from __future__ import annotations

import pytest

from benchmarks.resampling import Rows, Score, bootstrap, interval, tally

ROWS = Rows(groups=["a", "a", "b", "c"], labels=["positive", "negative", "positive", "positive"])
ANSWERS = ["positive", "positive", "positive", "neutral"]


def test_scores_are_those_of_the_definition() -> None:
    scores = bootstrap(ROWS, {"one": [ANSWERS]}, 10, seed=1)["one"]
    # positive: 2 right of 3 answers and 3 rows; negative: none of 1 row; the neutral answer is wrong.
    assert scores.mean == pytest.approx((0.5, (2 * 2 / 6 + 0) / 2))


def test_rows_of_a_group_stay_together() -> None:
    assert tally(ROWS, [ANSWERS]) == [[1, 1, 0, 2, 0, 1], [0, 1, 0, 1, 0, 1], [0, 1, 0, 0, 0, 0]]
    one_group = Rows(["a"] * 4, ROWS.labels)
    scores = bootstrap(one_group, {"one": [ANSWERS]}, 50, seed=1)["one"]
    assert scores.interval() == (scores.mean, scores.mean)


def test_every_run_counts_in_the_mean_and_is_drawn_in_resamples() -> None:
    rows = Rows(["a"] * 4, ROWS.labels)
    right, wrong = list(rows.labels), ["neutral"] * 4
    scores = bootstrap(rows, {"model": [right, wrong], "other": [ANSWERS]}, 200, seed=1)
    assert scores["model"].runs == [Score(1, 1), Score(0, 0)]
    assert scores["model"].mean == Score(0.5, 0.5)
    assert scores["model"].interval() == (Score(0, 0), Score(1, 1))
    assert scores["other"].mean.accuracy == 0.5


def test_a_difference_takes_both_sides_from_the_same_resample() -> None:
    rows = Rows([str(n) for n in range(40)], ["positive", "negative"] * 20)
    answers = ["positive"] * 40
    scores = bootstrap(rows, {"one": [answers], "same": [list(answers)], "right": [rows.labels]}, 200, seed=1)
    low, high = scores["one"].interval()
    assert low.accuracy < 0.5 < high.accuracy
    assert scores["one"].ahead_of(scores["same"]) == (Score(0, 0), (Score(0, 0), Score(0, 0)))
    difference, (low, high) = scores["right"].ahead_of(scores["one"])
    assert difference.accuracy == 0.5
    assert 0 < low.accuracy < 0.5 < high.accuracy < 1


def test_the_same_seed_draws_the_same_resamples() -> None:
    first, again, other = (bootstrap(ROWS, {"one": [ANSWERS]}, 50, seed)["one"].resamples for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_an_interval_holds_the_middle_of_the_values() -> None:
    values = [Score(n / 1000, -n / 1000) for n in range(1000)]
    assert interval(values) == (Score(0.025, -0.974), Score(0.974, -0.025))
