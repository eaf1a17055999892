"""Set and enforce the date at which an environment expires: the tag `expires-at`.

Pure: the caller passes the current day. Every environment that is not `permanent` has a date.
"""

from __future__ import annotations

import datetime as dt

from orchestrator.config.model.platform import Environment
from orchestrator.errors import ConfigError

MONDAY = 0


def dated(environment: Environment, today: dt.date) -> Environment:
    """Set the date of an environment whose files give a lifetime instead."""
    platform = environment.platform
    if platform.expires_at is not None or platform.permanent:
        return environment
    date = _monday_from(today + dt.timedelta(days=platform.lifetime_days))
    return environment.model_copy(update={"platform": platform.model_copy(update={"expires_at": date})})


def refuse_expired(environment: Environment, today: dt.date) -> None:
    """Reject deployments to an environment whose date has passed.

    Raises:
        ConfigError: the environment has expired.
    """
    date = environment.platform.expires_at
    if date is not None and date < today:
        raise ConfigError(
            f"environment `{environment.name}` expired on {date} (`expires_at`; today is {today})",
            hint=f"run `orchestrator destroy {environment.name}`, or set a later date in terraform/envs/"
            f"{environment.name}/platform.yaml",
        )


def _monday_from(day: dt.date) -> dt.date:
    """Round up to a Monday: a tag that changed daily would change every stack daily."""
    return day + dt.timedelta(days=(MONDAY - day.weekday()) % 7)
