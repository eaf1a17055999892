"""Compute when `rate(…)`, `cron(…)` and `at(…)` are due."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)")
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
"""AWS numbers the days from Sunday, which is 1."""
HORIZON = timedelta(days=366 * 5)


class InvalidSchedule(ValueError):
    """An expression that AWS rejects; the message names the part."""


def rate_seconds(expression: str) -> int | None:
    """Return the seconds between two events of a `rate`; `None` for another kind of expression."""
    match = RATE.fullmatch(expression.strip())
    if not match:
        return None
    number = int(match[1])
    if number < 1 or (number == 1) == bool(match[3]):
        raise InvalidSchedule(f"{expression}: 1 takes the singular, higher numbers the plural; 0 is not valid")
    return number * UNITS[match[2]]


def next_time(expression: str, after: datetime, zone: str = "UTC") -> datetime | None:
    """Return the first time after `after` (aware) at which a `cron` or `at` is due; `None` if there is no more."""
    text = expression.strip()
    if text.startswith("at(") and text.endswith(")"):
        moment = datetime.fromisoformat(text[3:-1]).replace(tzinfo=ZoneInfo(zone))
        return moment.astimezone(UTC) if moment > after else None
    if not (text.startswith("cron(") and text.endswith(")")):
        raise InvalidSchedule(f"{expression} must be rate(), cron() or at()")
    return _Cron(text[5:-1]).next(after.astimezone(ZoneInfo(zone)))


class _Cron:
    """Minutes, hours, day of month, month, day of week, year; one of the two days is `?`."""

    def __init__(self, fields: str) -> None:
        parts = fields.upper().split()
        if len(parts) != 6:
            raise InvalidSchedule(f"cron({fields}) must have 6 fields, got {len(parts)}")
        minutes, hours, self._days, months, self._weekdays, years = parts
        if (self._days == "?") == (self._weekdays == "?"):
            raise InvalidSchedule(f"cron({fields}): exactly one of day-of-month and day-of-week must be ?")
        self._minutes = _numbers(minutes, 0, 59)
        self._hours = _numbers(hours, 0, 23)
        self._months = _numbers(months, 1, 12, MONTHS)
        self._years = _numbers(years, 1970, 2199)
        if self._weekdays == "?":
            self._check_days()
        else:
            self._check_weekdays()

    def _check_days(self) -> None:
        days = self._days
        if days.endswith("W"):
            _number(days[:-1], 1, 31)
        elif days != "L":
            _numbers(days, 1, 31)

    def _check_weekdays(self) -> None:
        weekdays = self._weekdays
        if "#" in weekdays:
            day, _, which = weekdays.partition("#")
            _number(day, 1, 7, DAYS)
            _number(which, 1, 5)
        elif weekdays.endswith("L"):
            _number(weekdays[:-1] or "7", 1, 7, DAYS)
        else:
            _numbers(weekdays, 1, 7, DAYS)

    def next(self, after: datetime) -> datetime | None:
        moment = (after + timedelta(minutes=1)).replace(second=0, microsecond=0)
        while moment < after + HORIZON:
            if moment.year not in self._years or moment.month not in self._months or not self._is_day(moment):
                moment = (moment + timedelta(days=1)).replace(hour=0, minute=0)
            elif moment.hour not in self._hours:
                moment = (moment + timedelta(hours=1)).replace(minute=0)
            elif moment.minute not in self._minutes:
                moment += timedelta(minutes=1)
            else:
                return moment.astimezone(UTC)
        return None

    def _is_day(self, moment: datetime) -> bool:
        last = calendar.monthrange(moment.year, moment.month)[1]
        if self._weekdays == "?":
            if self._days == "L":
                return moment.day == last
            if self._days.endswith("W"):
                return moment.day == _nearest_weekday(moment, int(self._days[:-1]), last)
            return moment.day in _numbers(self._days, 1, 31)
        weekday = moment.isoweekday() % 7 + 1
        if "#" in self._weekdays:
            day, _, which = self._weekdays.partition("#")
            return weekday == DAYS.get(day, 0) + (int(day) if day.isdigit() else 0) and (moment.day + 6) // 7 == int(
                which
            )
        if self._weekdays.endswith("L"):
            day = self._weekdays[:-1] or "7"
            expected = DAYS.get(day) or int(day)
            return weekday == expected and (moment.day > last - 7 or self._weekdays == "L")
        return weekday in _numbers(self._weekdays, 1, 7, DAYS)


def _nearest_weekday(moment: datetime, day: int, last: int) -> int:
    nominal = moment.replace(day=min(day, last))
    shift = {6: -1 if nominal.day > 1 else 2, 7: 1 if nominal.day < last else -2}.get(nominal.isoweekday(), 0)
    return nominal.day + shift


def _number(text: str, low: int, high: int, names: dict[str, int] | None = None) -> int:
    value = (names or {}).get(text)
    if value is None:
        if not re.fullmatch(r"[0-9]{1,4}", text) or not low <= int(text) <= high:
            raise InvalidSchedule(f"{text!r} must be from {low} to {high}")
        value = int(text)
    return value


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """Parse a field such as `*`, `1,5`, `1-5`, `0/15` or `MON-FRI`."""
    numbers: set[int] = set()
    for part in field.split(","):
        base, slash, step = part.partition("/")
        if slash and (not re.fullmatch(r"[0-9]{1,4}", step) or int(step) < 1):
            raise InvalidSchedule(f"{part!r} must have a number of at least 1 after its slash")
        if base == "*":
            first, last = low, high
        elif "-" in base:
            first, last = (_number(end, low, high, names) for end in base.split("-", 1))
            if first > last:
                raise InvalidSchedule(f"{part!r} must not end before it starts")
        else:
            first = _number(base, low, high, names)
            last = high if slash else first
        numbers |= set(range(first, last + 1, int(step) if slash else 1))
    return numbers
