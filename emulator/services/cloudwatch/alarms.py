"""Evaluate metric alarms: periods, thresholds, M out of N, and missing data."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
COMPARE: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", lambda value, bound: value >= bound),
    "GreaterThanThreshold": ("greater than", lambda value, bound: value > bound),
    "LessThanThreshold": ("less than", lambda value, bound: value < bound),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, bound: value <= bound),
}
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")


@dataclass(frozen=True)
class Datum:
    """One measurement, or the statistics of a set of them."""

    at: datetime
    minimum: float
    maximum: float
    total: float
    count: float


@dataclass(frozen=True)
class Threshold:
    """The condition of an alarm. `missing` is one of missing, ignore, breaching, notBreaching."""

    comparison: str
    bound: float
    statistic: str
    period_seconds: int
    periods: int
    datapoints: int
    missing: str = "missing"


@dataclass(frozen=True)
class Verdict:
    state: State
    reason: str
    reason_data: dict[str, Any]


def evaluate(threshold: Threshold, data: Sequence[Datum], now: datetime, current: State) -> Verdict:
    """Return the state that results from the data until `now` (aware)."""
    points = _points(threshold, data, now)
    holds = COMPARE[threshold.comparison][1]
    breaching = [None if value is None else holds(value, threshold.bound) for _, value in points]
    state = _state(threshold, breaching, current)
    return Verdict(state, _reason(threshold, points, state), _reason_data(threshold, points, now))


def can_evaluate(comparison: str, statistic: str) -> bool:
    """Return whether this kind of alarm is supported; anomaly detection and metric math are not."""
    plain = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
    return comparison in COMPARE and (statistic in plain or PERCENTILE.fullmatch(statistic) is not None)


def _state(threshold: Threshold, breaching: list[bool | None], current: State) -> State:
    """Return the state. `breaching` is one entry for each period, oldest first; `None` where nothing was measured."""
    known = [point for point in breaching if point is not None]
    if threshold.missing in ("breaching", "notBreaching"):
        filled = [threshold.missing == "breaching" if point is None else point for point in breaching]
        return "ALARM" if filled.count(True) >= threshold.datapoints else "OK"
    if not known:
        return current if threshold.missing == "ignore" else "INSUFFICIENT_DATA"
    if known.count(True) >= threshold.datapoints:
        return "ALARM"
    # With so few known points an alarm can neither be raised nor ruled out.
    undecided = known.count(True) + breaching.count(None) >= threshold.datapoints and True in known
    return current if undecided else "OK"


def _points(threshold: Threshold, data: Sequence[Datum], now: datetime) -> list[tuple[datetime, float | None]]:
    """Return the value of each of the last periods, oldest first. The current one counts once it has a value."""
    length = threshold.period_seconds
    running = int(now.timestamp()) // length
    buckets: dict[int, list[Datum]] = {}
    for datum in data:
        buckets.setdefault(int(datum.at.timestamp()) // length, []).append(datum)
    last = running if running in buckets else running - 1
    return [
        (datetime.fromtimestamp(number * length, UTC), _value(threshold.statistic, buckets.get(number, [])))
        for number in range(last - threshold.periods + 1, last + 1)
    ]


def _value(statistic: str, data: Sequence[Datum]) -> float | None:
    if not data:
        return None
    count, total = sum(datum.count for datum in data), sum(datum.total for datum in data)
    percentile = PERCENTILE.fullmatch(statistic)
    if percentile:
        # Sets of values have no percentiles on AWS either, unless all their values are the same.
        values = sorted(value for datum in data for value in [datum.minimum] * int(datum.count))
        return values[max(0, math.ceil(float(percentile[1]) / 100 * len(values)) - 1)]
    return {
        "Sum": total,
        "SampleCount": count,
        "Average": total / count if count else 0.0,
        "Minimum": min(datum.minimum for datum in data),
        "Maximum": max(datum.maximum for datum in data),
    }[statistic]


def _reason(threshold: Threshold, points: list[tuple[datetime, float | None]], state: State) -> str:
    known = [(at, value) for at, value in points if value is not None]
    words, holds = COMPARE[threshold.comparison]
    if not known:
        missing = "no datapoints were received for"
        plural = "s" if len(points) > 1 else ""
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(threshold.missing)
        treatment = f" and {len(points)} missing datapoint{plural} treated as [{treated}]" if treated else ""
        return f"Threshold Crossed: {missing} {len(points)} period{plural}{treatment}."
    listed = [(at, value) for at, value in known if holds(value, threshold.bound) is (state == "ALARM")] or known
    values = ", ".join(f"{value} ({at:%d/%m/%y %H:%M:%S})" for at, value in reversed(listed))
    plural = "s" if len(listed) > 1 else ""
    was = ("were" if plural else "was") + ("" if state == "ALARM" else " not")
    return (
        f"Threshold Crossed: {len(listed)} out of the last {threshold.periods} datapoints [{values}] {was} {words} the "
        f"threshold ({threshold.bound}) (minimum {threshold.datapoints} datapoint{'s' * (threshold.datapoints > 1)} "
        f"for {'OK -> ALARM' if state == 'ALARM' else 'ALARM -> OK'} transition)."
    )


def _reason_data(threshold: Threshold, points: list[tuple[datetime, float | None]], now: datetime) -> dict[str, Any]:
    return {
        "version": "1.0",
        "queryDate": stamp(now),
        "startDate": stamp(points[0][0]),
        "statistic": threshold.statistic,
        "period": threshold.period_seconds,
        "recentDatapoints": [value for _, value in points if value is not None],
        "threshold": threshold.bound,
        "evaluatedDatapoints": [
            {"timestamp": stamp(at), "value": value} for at, value in reversed(points) if value is not None
        ],
    }


def stamp(moment: datetime) -> str:
    """Format a time as CloudWatch does, such as `2026-01-31T12:00:00.000+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def window(threshold: Threshold, now: datetime) -> datetime:
    """Return the time before which data do not count."""
    return now - timedelta(seconds=threshold.period_seconds * (threshold.periods + 1))
