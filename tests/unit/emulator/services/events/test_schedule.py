"""When expressions are due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.services.events.schedule import InvalidSchedule, next_time, rate_seconds

SATURDAY = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0/15 * * * ? *)", "2026-01-31T12:15"),
        ("cron(0 12 * * ? *)", "2026-02-01T12:00"),
        ("cron(30 8 ? * MON-FRI *)", "2026-02-02T08:30"),
        ("cron(0 0 ? * 1 *)", "2026-02-01T00:00"),
        ("cron(0 0 L * ? *)", "2026-02-28T00:00"),
        ("cron(0 0 1W * ? *)", "2026-02-02T00:00"),
        ("cron(0 0 ? * MON#2 *)", "2026-02-09T00:00"),
        ("cron(0 0 ? * 6L *)", "2026-02-27T00:00"),
        ("cron(5 4 3 MAR ? 2027)", "2027-03-03T04:05"),
        ("at(2026-02-03T04:05:06)", "2026-02-03T04:05"),
    ],
)
def test_next_time(expression: str, expected: str) -> None:
    due = next_time(expression, SATURDAY)
    assert due is not None
    assert due.strftime("%Y-%m-%dT%H:%M") == expected


def test_a_time_zone_shifts_it_and_past_times_are_never_due() -> None:
    due = next_time("cron(0 12 * * ? *)", SATURDAY, "Europe/Berlin")
    assert due == datetime(2026, 2, 1, 11, 0, tzinfo=UTC)
    assert next_time("at(2026-01-01T00:00:00)", SATURDAY) is None
    assert next_time("cron(0 0 1 1 ? 2020)", SATURDAY) is None


def test_rates() -> None:
    assert [rate_seconds(f"rate({text})") for text in ("1 minute", "5 minutes", "1 day")] == [60, 300, 86_400]
    assert rate_seconds("cron(0 12 * * ? *)") is None


@pytest.mark.parametrize("expression", ["rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)"])
def test_a_rate_with_the_wrong_plural_is_rejected(expression: str) -> None:
    with pytest.raises(InvalidSchedule, match="1 takes the singular"):
        rate_seconds(expression)


@pytest.mark.parametrize(
    "expression", ["cron(0 12 * * * *)", "cron(0 12 ? * ? *)", "cron(0 12 * *)", "cron(61 * * * ? *)", "every day"]
)
def test_an_invalid_schedule_is_rejected(expression: str) -> None:
    with pytest.raises(InvalidSchedule):
        next_time(expression, SATURDAY)
