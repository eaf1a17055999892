"""Until when an environment is meant to exist: the tag `expires-at`.

Pure: the day comes from the caller. What is `permanent` stays; everywhere else nothing is made without a date.
"""

from __future__ import annotations

import datetime as dt

from orchestrator.config.model.platform import Environment
from orchestrator.errors import ConfigError

MONDAY = 0


def dated(environment: Environment, today: dt.date) -> Environment:
    """The environment with its date filled in, where its files give a lifetime instead of one."""
    platform = environment.platform
    if platform.expires_at is not None or platform.permanent:
        return environment
    date = _monday_from(today + dt.timedelta(days=platform.lifetime_days))
    return environment.model_copy(update={"platform": platform.model_copy(update={"expires_at": date})})


def refuse_expired(environment: Environment, today: dt.date) -> None:
    """Nothing more is built in an environment whose date has passed.

    Raises:
        ConfigError: it expired.
    """
    date = environment.platform.expires_at
    if date is not None and date < today:
        raise ConfigError(
            f"environment `{environment.name}` expired on {date} (`expires_at`; today: {today})",
            hint=f"`orchestrator destroy {environment.name}`, or give it a later date in terraform/envs/"
            f"{environment.name}/platform.yaml",
        )


def _monday_from(day: dt.date) -> dt.date:
    """That day if it is a Monday, else the next one: a tag that changed daily would be a change of every stack."""
    return day + dt.timedelta(days=(MONDAY - day.weekday()) % 7)
