from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from orchestrator.config import Environment, load
from orchestrator.config.expiry import dated, refuse_expired
from orchestrator.errors import ConfigError
from orchestrator.planning.values import tags
from tests.fakes.platforms import SHIPPED
from tests.fakes.platforms import platform as least

REPO = Path(__file__).resolve().parents[4]
FRIDAY = dt.date(2027, 1, 1)


def named(name: str, **platform: object) -> Environment:
    return Environment(name=name, platform=least(**platform), blueprints=())


@pytest.mark.parametrize("name", ["local", "dev", "sandbox", "prod"])
def test_whatever_is_not_permanent_carries_a_date(name: str) -> None:
    assert tags(dated(named(name), FRIDAY))["expires-at"] == "2027-02-01"


def test_what_is_permanent_says_so() -> None:
    environment = dated(named("sandbox", permanent=True), FRIDAY)
    assert tags(environment)["expires-at"] == "never"
    refuse_expired(environment, dt.date(2999, 1, 1))


def test_prod_of_this_repository_stays() -> None:
    assert [name for name in SHIPPED if load(REPO, name).platform.permanent] == ["prod"]


def test_a_fixed_day_wins() -> None:
    day = "2027-06-30"
    assert tags(dated(named("dev", expires_at=day), FRIDAY))["expires-at"] == day


@pytest.mark.parametrize(
    ("lifetime", "expected"),
    [(1, "2027-01-04"), (3, "2027-01-04"), (4, "2027-01-11"), (10, "2027-01-11")],
)
def test_a_lifetime_is_rounded_up_to_a_monday(lifetime: int, expected: str) -> None:
    assert tags(dated(named("dev", lifetime_days=lifetime), FRIDAY))["expires-at"] == expected


def test_deployments_of_one_week_write_the_same_tag() -> None:
    tuesday = dt.date(2027, 1, 5)
    days = {dated(named("dev"), tuesday + dt.timedelta(days=each)).platform.expires_at for each in range(7)}
    assert len(days) <= 2


def test_nothing_more_is_built_after_the_day() -> None:
    environment = named("dev", expires_at="2026-12-31")
    refuse_expired(environment, dt.date(2026, 12, 31))
    with pytest.raises(ConfigError) as error:
        refuse_expired(environment, FRIDAY)
    assert error.value.message == "environment `dev` expired on 2026-12-31 (`expires_at`; today is 2027-01-01)"
    assert str(error.value.hint).startswith("run `orchestrator destroy dev`, or set a later date")
