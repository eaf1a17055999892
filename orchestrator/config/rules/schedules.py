"""Validate schedule expressions of EventBridge and Glue.

Pure. Fields, wildcards and limits are those of these pages of https://docs.aws.amazon.com:
- eventbridge/latest/userguide/eb-cron-expressions.html and eb-rate-expressions.html
- glue/latest/dg/monitor-data-warehouse-schedule.html, which has no `#` and a minimum of 5 minutes

*Assumed*, since the pages do not state it: `LW`, a list with `L` or `W` in it and a descending range are rejected; `/`
in day-of-week is accepted, which Glue's page lists and EventBridge's does not. The local AWS has a separate parser; a
table test compares the verdicts of both.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from orchestrator.config.problems import InvalidValue, nearest

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
"""AWS counts from Sunday, which is 1."""
UNITS = ("minute", "hour", "day")
RATE = re.compile(r"rate\((?P<number>\S+) (?P<unit>\S+)\)")
CRON = re.compile(r"cron\((?P<fields>[^()]*)\)")
LONGEST_MONTH = {month: calendar.monthrange(2024, month)[1] for month in range(1, 13)}
GLUE_MINUTES = 5
"""Minimum interval of a schedule in Glue."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict)


MINUTES, HOURS = _Field("minutes", 0, 59), _Field("hours", 0, 23)
DAYS, WEEK = _Field("day-of-month", 1, 31), _Field("day-of-week", 1, 7, WEEKDAYS)
MONTH, YEARS = _Field("month", 1, 12, MONTHS), _Field("year", 1970, 2199)
FIELDS = (MINUTES, HOURS, DAYS, MONTH, WEEK, YEARS)


def check_rule(expression: str) -> None:
    """Reject an expression that EventBridge does not accept for a rule: `rate(…)` and `cron(…)`.

    Raises:
        InvalidValue: with the broken rule.
    """
    if expression.startswith("rate("):
        _check_rate(expression)
        return
    _check_cron(expression, "must be rate(<number> <unit>) or cron(<six fields>)")


def check_trigger(expression: str) -> None:
    """Reject an expression that Glue does not accept for a trigger: only `cron(…)`, and not too often.

    Raises:
        InvalidValue: with the broken rule.
    """
    if expression.startswith("rate("):
        raise InvalidValue("must be cron(<six fields>), such as cron(0 2 * * ? *): Glue does not support rates")
    minutes, hours, days, week = _check_cron(expression, "must be cron(<six fields>), such as cron(0 2 * * ? *)")
    if "#" in week:
        raise InvalidValue(f"has `{week}` as day-of-week: Glue does not support `#`")
    gap = min((later - sooner for sooner, later in pairwise(minutes)), default=60)
    daily = "*" in (days, week)
    if any(later - sooner == 1 for sooner, later in pairwise(hours)) or (daily and {0, 23} <= set(hours)):
        gap = min(gap, minutes[0] + 60 - minutes[-1])  # the last of an hour and the first of the next
    if gap < GLUE_MINUTES:
        raise InvalidValue(f"repeats after {gap} minutes: Glue requires at least {GLUE_MINUTES}")


def _check_rate(expression: str) -> None:
    match = RATE.fullmatch(expression)
    if not match:
        raise InvalidValue("must be rate(<number> <unit>), such as rate(1 hour) or rate(5 minutes)", "rate(1 hour)")
    number, unit = match["number"], match["unit"]
    if not re.fullmatch(r"[0-9]{1,9}", number) or int(number) < 1:
        raise InvalidValue(f"has the number `{number}`: it must be a whole number from 1")
    known = [f"{each}s" for each in UNITS] if int(number) > 1 else list(UNITS)
    if unit not in known:
        valid = nearest(unit, known) or known[1]
        rule = f"has the unit `{unit}`: after {int(number)} it must be {', '.join(known)}"
        raise InvalidValue(rule, f"rate({int(number)} {valid})")


def _check_cron(expression: str, rule: str) -> tuple[list[int], list[int], str, str]:
    """Parse the minutes and hours; return them with the two day fields unparsed."""
    match = CRON.fullmatch(expression)
    if not match:
        raise InvalidValue(rule, "cron(0 2 * * ? *)")
    parts = match["fields"].upper().split()
    if len(parts) != len(FIELDS):
        named = ", ".join(each.name for each in FIELDS)
        hint = f"cron({' '.join(parts[:4])} ? *)" if len(parts) == 5 and parts[2] != "?" and parts[4] == "*" else None
        raise InvalidValue(f"has {len(parts)} fields instead of 6: {named}", hint)
    minutes, hours, days, months, week, years = parts
    if (days == "?") == (week == "?"):
        raise InvalidValue("must have `?` as exactly one of day-of-month and day-of-week")
    due = _numbers(MINUTES, minutes)
    due_hours = _numbers(HOURS, hours)
    in_months = _numbers(MONTH, months)
    _numbers(YEARS, years)
    if week == "?":
        _check_days(days, in_months)
    else:
        _check_week(week)
    return due, due_hours, days, week


def _check_days(text: str, months: Sequence[int]) -> None:
    if text == "L":
        return
    # `W` is not allowed after a list or range.
    first = _number(DAYS, text[:-1], text) if text.endswith("W") else min(_numbers(DAYS, text))
    if first > max(LONGEST_MONTH[month] for month in months):
        raise InvalidValue(f"is never due: none of its months has a day {first}")


def _check_week(text: str) -> None:
    if text == "L":
        return
    if text.endswith("L"):
        _number(WEEK, text[:-1], text)
    elif "#" in text:
        day, _, which = text.partition("#")
        _number(WEEK, day, text)
        if which not in ("1", "2", "3", "4", "5"):
            raise InvalidValue(f"has `{text}` as day-of-week: `#` must be followed by 1 to 5, the week of the month")
    else:
        _numbers(WEEK, text)


def _numbers(kind: _Field, text: str) -> list[int]:
    """Expand `*`, `1,5`, `1-5`, `0/15` or `MON-FRI` to sorted numbers."""
    numbers: set[int] = set()
    for part in text.split(","):
        base, slash, step = part.partition("/")
        if slash and (not re.fullmatch(r"[0-9]{1,4}", step) or int(step) < 1):
            raise InvalidValue(f"has `{part}` as {kind.name}: `/` must be followed by a number from 1")
        if base == "*":
            first, last = kind.low, kind.high
        elif "-" in base:
            first, last = (_number(kind, end, part) for end in base.split("-", 1))
            if first > last:
                raise InvalidValue(f"has `{part}` as {kind.name}: the range is descending")
        else:
            first = _number(kind, base, part)
            last = kind.high if slash else first
        numbers |= set(range(first, last + 1, int(step) if slash else 1))
    return sorted(numbers)


def _number(kind: _Field, text: str, part: str) -> int:
    value = kind.words.get(text)
    if value is None and re.fullmatch(r"[0-9]{1,4}", text) and kind.low <= int(text) <= kind.high:
        value = int(text)
    if value is None:
        names = f" or {next(iter(kind.words))} to {list(kind.words)[-1]}" if kind.words else ""
        raise InvalidValue(f"has `{part}` as {kind.name}: it must be {kind.low} to {kind.high}{names}")
    return value
