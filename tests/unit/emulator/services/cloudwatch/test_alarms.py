"""States of an alarm by the data of its last periods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.services.cloudwatch.alarms import Datum, State, Threshold, can_evaluate, evaluate

NOW = datetime(2026, 1, 31, 12, 10, 30, tzinfo=UTC)


def data(*values: float | None) -> list[Datum]:
    """One value a minute, the last one in the running minute."""
    return [
        Datum(NOW - timedelta(minutes=len(values) - 1 - number), value, value, value, 1)
        for number, value in enumerate(values)
        if value is not None
    ]


def threshold(**changes: Any) -> Threshold:
    values: dict[str, Any] = {
        "comparison": "GreaterThanThreshold",
        "bound": 5.0,
        "statistic": "Average",
        "period_seconds": 60,
    }
    return Threshold(**{**values, "periods": 3, "datapoints": 2, **changes})


@pytest.mark.parametrize(
    ("values", "missing", "current", "expected"),
    [
        ((9, 9, 1), "missing", "OK", "ALARM"),
        ((9, 1, 1), "missing", "ALARM", "OK"),
        ((9, None, 9), "missing", "OK", "ALARM"),
        ((None, None, 9), "missing", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"),
        ((None, None, 9), "breaching", "OK", "ALARM"),
        ((None, None, 9), "notBreaching", "ALARM", "OK"),
        ((), "missing", "OK", "INSUFFICIENT_DATA"),
        ((), "ignore", "ALARM", "ALARM"),
        ((), "notBreaching", "INSUFFICIENT_DATA", "OK"),
        ((), "breaching", "OK", "ALARM"),
    ],
)
def test_state(values: tuple[float | None, ...], missing: str, current: State, expected: State) -> None:
    assert evaluate(threshold(missing=missing), data(*values), NOW, current).state == expected


@pytest.mark.parametrize(
    ("statistic", "bound", "expected"),
    [
        ("Sum", 9.9, "ALARM"),
        ("Sum", 10, "OK"),
        ("Average", 2.4, "ALARM"),
        ("Minimum", 1, "OK"),
        ("Maximum", 3.9, "ALARM"),
        ("SampleCount", 3.9, "ALARM"),
        ("p50", 1.9, "ALARM"),
        ("p99", 3.9, "ALARM"),
        ("p99", 4, "OK"),
    ],
)
def test_statistic(statistic: str, bound: float, expected: State) -> None:
    measured = [Datum(NOW, value, value, value, 1) for value in (1.0, 2.0, 3.0, 4.0)]
    verdict = evaluate(threshold(statistic=statistic, bound=bound, periods=1, datapoints=1), measured, NOW, "OK")
    assert verdict.state == expected


def test_the_reason_names_values_and_threshold() -> None:
    verdict = evaluate(threshold(), data(9.0, 9.0, 1.0), NOW, "OK")
    assert verdict.reason == (
        "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (31/01/26 12:09:00), 9.0 (31/01/26 12:08:00)] were "
        "greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    assert verdict.reason_data["recentDatapoints"] == [9, 9, 1]


def test_other_kinds_are_not_evaluated() -> None:
    assert not can_evaluate("GreaterThanUpperThreshold", "Average")
    assert not can_evaluate("GreaterThanThreshold", "tm90")
    assert can_evaluate("LessThanThreshold", "p99.9")
