"""Schedules are read as EventBridge and Glue read them, and as the local AWS fires them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.services.events import schedule as local
from orchestrator.config.problems import InvalidValue
from orchestrator.config.rules import schedules

TAKEN = (
    "rate(1 minute)", "rate(5 minutes)", "rate(1 hour)", "rate(24 hours)", "rate(1 day)", "rate(7 days)",
    "cron(0 2 * * ? *)", "cron(0/15 * * * ? *)", "cron(0 10 ? * MON-FRI *)", "cron(0 8 1 JAN,JUL ? *)",
    "cron(15 12 L * ? *)", "cron(0 0 15W * ? *)", "cron(0 0 ? * 6L *)", "cron(0 0 ? * FRIL *)", "cron(0 0 ? * L *)",
    "cron(0 0 ? * 3#2 *)", "cron(0 0 ? * TUE#2 *)", "cron(5,35 14 * * ? 2026-2030)", "cron(0 18 ? * mon-fri *)",
    "cron(0 0 29 2 ? *)", "cron(*/10 0 1-7 */3 ? *)",
)  # fmt: skip
REFUSED = {
    "banana": "must be rate(<number> <unit>) or cron",
    "": "must be rate(<number> <unit>) or cron",
    "at(2027-01-01T00:00:00)": "must be rate(<number> <unit>) or cron",
    "rate(0 minutes)": "it must be a whole number from 1",
    "rate(-1 minutes)": "it must be a whole number from 1",
    "rate(1.5 hours)": "it must be a whole number from 1",
    "rate(\u0665 minutes)": "it must be a whole number from 1",
    "rate(1 minutes)": "has the unit `minutes`",
    "rate(5 minute)": "has the unit `minute`",
    "rate(2 weeks)": "has the unit `weeks`",
    "rate(5  minutes)": "must be rate(<number> <unit>)",
    "rate(banana)": "must be rate(<number> <unit>)",
    "cron(banana)": "has 1 fields",
    "cron(0 2 * * *)": "has 5 fields",
    "cron(0 2 * * ? * *)": "has 7 fields",
    "cron(0 2 * * * *)": "exactly one of day-of-month and day-of-week",
    "cron(0 2 ? * ? *)": "exactly one of day-of-month and day-of-week",
    "cron(60 2 * * ? *)": "has `60` as minutes: it must be 0 to 59",
    "cron(0 24 * * ? *)": "has `24` as hours",
    "cron(0 2 0 * ? *)": "has `0` as day-of-month",
    "cron(0 2 32 * ? *)": "has `32` as day-of-month",
    "cron(0 2 * 13 ? *)": "has `13` as month: it must be 1 to 12 or JAN to DEC",
    "cron(0 2 * JAM ? *)": "has `JAM` as month",
    "cron(0 2 ? * 8 *)": "has `8` as day-of-week: it must be 1 to 7 or SUN to SAT",
    "cron(0 2 ? * FOOL *)": "has `FOOL` as day-of-week",
    "cron(0 2 ? * MON#6 *)": "`#` must be followed by 1 to 5",
    "cron(0 2 ? * 3#1,6#3 *)": "`#` must be followed by 1 to 5",
    "cron(0 2 ? * BAD#1 *)": "has `BAD#1` as day-of-week",
    "cron(0 2 * * ? 1969)": "has `1969` as year",
    "cron(0 2 * * ? 2200)": "has `2200` as year",
    "cron(0/0 2 * * ? *)": "`/` must be followed by a number from 1",
    "cron(0/x 2 * * ? *)": "`/` must be followed by a number from 1",
    "cron(30-10 2 * * ? *)": "the range is descending",
    "cron(? 2 * * ? *)": "has `?` as minutes",
    "cron(1, 2 * * ? *)": "has `` as minutes",
    "cron(0 2 32W * ? *)": "has `32W` as day-of-month",
    "cron(0 2 xW * ? *)": "has `XW` as day-of-month",
    "cron(0 0 LW * ? *)": "has `LW` as day-of-month",
    "cron(\u0660 2 * * ? *)": "as minutes",
}


def refusal_of_the_local_aws(expression: str) -> str | None:
    try:
        if not local.rate_seconds(expression):
            local.next_time(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except local.InvalidSchedule as error:
        return str(error)
    return None


@pytest.mark.parametrize("expression", TAKEN)
def test_what_eventbridge_takes_is_taken(expression: str) -> None:
    schedules.check_rule(expression)
    assert refusal_of_the_local_aws(expression) is None


@pytest.mark.parametrize("expression", REFUSED)
def test_what_eventbridge_refuses_is_refused(expression: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        schedules.check_rule(expression)
    assert REFUSED[expression] in str(refused.value)
    if not expression.startswith("at("):  # of EventBridge Scheduler, which the local AWS has as well
        assert refusal_of_the_local_aws(expression), "the local AWS must refuse it, too"


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("rate(1 minutes)", "rate(1 minute)"),
        ("rate(5 minute)", "rate(5 minutes)"),
        ("rate(2 hour)", "rate(2 hours)"),
        ("cron(0 2 * * *)", "cron(0 2 * * ? *)"),
    ],
)
def test_what_was_meant_is_said_and_would_be_taken(expression: str, meant: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        schedules.check_rule(expression)
    assert refused.value.suggestion == meant
    schedules.check_rule(meant)


@pytest.mark.parametrize("expression", ["cron(0 0 31 2 ? *)", "cron(0 0 31 4,6,9,11 ? *)", "cron(0 0 30W 2 ? *)"])
def test_what_never_comes_is_refused(expression: str) -> None:
    with pytest.raises(InvalidValue, match="is never due: none of its months has a day 3"):
        schedules.check_rule(expression)


@pytest.mark.parametrize(
    "expression",
    [
        *("cron(0 2 * * ? *)", "cron(0/5 * * * ? *)", "cron(0 0 ? * 6L *)"),
        *("cron(0,58 0/2 * * ? *)", "cron(0,58 23 * * ? *)", "cron(0,58 0,23 1 * ? *)"),
    ],
)
def test_what_glue_takes_is_taken(expression: str) -> None:
    schedules.check_trigger(expression)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("rate(1 hour)", "Glue does not support rates"),
        ("cron(banana)", "has 1 fields"),
        ("cron(0/4 * * * ? *)", "repeats after 4 minutes"),
        ("cron(* 2 * * ? *)", "repeats after 1 minutes"),
        ("cron(0,58 * * * ? *)", "repeats after 2 minutes"),
        ("cron(0,58 9-10 ? * MON-FRI *)", "repeats after 2 minutes"),
        ("cron(0,58 0,23 * * ? *)", "repeats after 2 minutes"),
        ("cron(0 0 ? * 3#2 *)", "Glue does not support `#`"),
    ],
)
def test_what_glue_refuses_is_refused(expression: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said.replace("#", r"\#")):
        schedules.check_trigger(expression)
