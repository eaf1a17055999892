"""A candidate is compared with the live version; without one, the threshold decides."""

from __future__ import annotations

from typing import Any

import pytest
from evaluation.errors import EvaluationError
from evaluation.gate import Champion, Gate, judge

LIVE = "version 3"


def gate(**given: Any) -> Gate:
    return Gate.of({"metric": "f1", "threshold": 0.6, "above_champion": 0.0} | given)


def champion(**metrics: float) -> Champion:
    return Champion(LIVE, metrics)


@pytest.mark.parametrize(
    ("conditions", "candidate", "live", "passed", "reasons"),
    [
        ({}, {"f1": 0.7}, None, True, ["f1 0.7 is better than the threshold 0.6"]),
        ({}, {"f1": 0.6}, None, True, ["f1 0.6 equals the threshold 0.6"]),
        ({}, {"f1": 0.5}, None, False, ["f1 0.5 is worse than the threshold 0.6"]),
        (
            {},
            {"f1": 0.7},
            {"f1": 0.8},
            False,
            ["f1 0.7 is worse than the 0.8 of version 3, the live version"],
        ),
        (
            {},
            {"f1": 0.55},
            {"f1": 0.5},
            True,
            [
                "f1 0.55 is better than the 0.5 of version 3, the live version",
                "f1 0.55 is worse than the threshold 0.6",
            ],
        ),
        (
            {"above_champion": 0.02},
            {"f1": 0.81},
            {"f1": 0.8},
            False,
            ["f1 0.81 is better than the 0.8 of version 3, the live version, and must be better by 0.02"],
        ),
        (
            {"above_champion": None},
            {"f1": 0.7},
            {"f1": 0.8},
            True,
            [
                "f1 0.7 is worse than the 0.8 of version 3, the live version",
                "f1 0.7 is better than the threshold 0.6",
            ],
        ),
        (
            {"metric": "rmse", "threshold": 60},
            {"rmse": 55.0},
            {"rmse": 50.0},
            False,
            ["rmse 55 is worse than the 50 of version 3, the live version"],
        ),
    ],
)
def test_the_live_version_decides_where_there_is_one(
    conditions: dict[str, Any],
    candidate: dict[str, float],
    live: dict[str, float] | None,
    passed: bool,
    reasons: list[str],
) -> None:
    verdict = judge(gate(**conditions), candidate, None, champion(**live) if live else None)
    assert (verdict.passed, list(verdict.reasons)) == (passed, reasons)


def test_a_model_as_good_as_the_live_one_passes_despite_binary_fractions() -> None:
    assert judge(gate(above_champion=0.1), {"f1": 0.8}, None, champion(f1=0.7)).passed
    assert judge(gate(), {"f1": 0.7}, None, champion(f1=0.7)).passed


@pytest.mark.parametrize(
    ("metric", "direction", "lower"),
    [
        ("rmse", None, True),
        ("log_loss", None, True),
        ("accuracy", None, False),
        ("cost", None, False),
        ("cost", "lower", True),
        ("rmse", "higher", False),
    ],
)
def test_of_errors_less_is_better_unless_the_gate_says_otherwise(
    metric: str, direction: str | None, lower: bool
) -> None:
    assert gate(metric=metric, direction=direction).lower_is_better is lower


def test_the_baseline_decides_with_and_without_a_live_version() -> None:
    conditions, baseline = gate(metric="accuracy", above_baseline=0.1), {"accuracy": 0.6}
    for live in (None, champion(accuracy=0.5)):
        refused = judge(conditions, {"accuracy": 0.65}, baseline, live)
        assert refused.reasons == ("accuracy 0.65 is better than the baseline's 0.6, and must be better by 0.1",)
        assert judge(conditions, {"accuracy": 0.7}, baseline, live).passed


def test_every_refusal_is_a_reason() -> None:
    refused = judge(gate(above_baseline=0.1), {"f1": 0.5}, {"f1": 0.45}, champion(f1=0.55))
    assert refused.reasons == (
        "f1 0.5 is worse than the 0.55 of version 3, the live version",
        "f1 0.5 is better than the baseline's 0.45, and must be better by 0.1",
    )


def test_a_live_version_that_cannot_be_compared_is_replaced_only_on_demand() -> None:
    broken = Champion(LIVE, None, "it lacks the column 'age'")
    refused = judge(gate(), {"f1": 0.9}, None, broken)
    assert refused.reasons == (
        "version 3, the live version, cannot be compared (it lacks the column 'age'); "
        "`above_champion: null` lets the threshold decide",
    )
    assert judge(gate(above_champion=None), {"f1": 0.9}, None, broken).passed
    assert not judge(gate(above_champion=None), {"f1": 0.5}, None, broken).passed


@pytest.mark.parametrize(
    ("conditions", "baseline", "message"),
    [
        ({"metric": "auc"}, None, "the gate is about 'auc', and the metrics are accuracy, f1"),
        ({"above_baseline": 0.1}, None, "a custom evaluation has no baseline"),
    ],
)
def test_a_gate_that_cannot_be_applied_is_an_error(
    conditions: dict[str, Any], baseline: dict[str, float] | None, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        judge(gate(**conditions), {"accuracy": 0.9, "f1": 0.9}, baseline, None)
