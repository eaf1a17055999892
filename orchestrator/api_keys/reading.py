"""Which keys there are, and the value of one: for whoever is about to send a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.api_keys.upkeep import Owner, own
from orchestrator.aws.client import explained, pages
from orchestrator.aws.model import Cloud
from orchestrator.config.rules.api import DEFAULT
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.planning.api_keys import Key, Recipe, by_name, ends, parse, recipe


@dataclass(frozen=True)
class Listed:
    """One key as people see it."""

    name: str
    id: str
    blueprints: tuple[str, ...]
    made_at: dt.datetime
    state: str
    """current, retiring (accepted until then), over (ends with the next deployment), disabled, unfinished."""
    until: dt.datetime | None
    in_states: bool
    """Whether earlier versions of a Terraform state hold its value."""


def value(cloud: Cloud, outputs: Mapping[str, Json], name: str = DEFAULT) -> str:
    """The value of the newest key of a name that is in force; it goes into a header and nowhere else.

    Args:
        outputs: what the stacks publish, by stack; `inference` is the one that counts.

    Raises:
        PlatformError: there is no such key, or these credentials may not read it.
    """
    wanted = recipe(outputs, name)
    gateway = cloud.client("apigateway")
    prefix = wanted.key_name.removesuffix(f"-{name}")
    with explained(cloud, f"read the API key `{name}`"):
        on_plan = pages(gateway, "get_usage_plan_keys", "items", usagePlanId=wanted.usage_plan_id)
        whole = [gateway.get_api_key(apiKey=item["id"], includeValue=True) for item in on_plan]
    values = {item["id"]: str(item.get("value") or "") for item in whole}
    for key in by_name(key for item in whole if (key := parse(prefix, item))).get(name, ()):
        if key.enabled and values[key.id]:
            return values[key.id]
    raise PlatformError(
        f"the API key `{name}` has no value that this role may read: "
        + ("it is not there" if not whole else f"{len(whole)} on its usage plan, none that is enabled"),
        hint="`orchestrator keys list ENV` tells how keys stand, `orchestrator deploy ENV` makes what is missing",
    )


def listed(cloud: Cloud, owner: Owner, recipes: Mapping[str, Recipe], now: dt.datetime) -> list[Listed]:
    """All keys with a recipe, by name and the newest first; never a value."""
    found, lines = own(cloud, owner), []
    for name, wanted in sorted(recipes.items()):
        with explained(cloud, f"look at the API key `{name}`"):
            gateway = cloud.client("apigateway")
            items = pages(gateway, "get_usage_plan_keys", "items", usagePlanId=wanted.usage_plan_id)
        on_plan = {item["id"] for item in items}
        keys = found.get(name, ())
        end = ends(keys)
        for key in keys:
            state = _state(key, end[key.id], now, on_plan=key.id in on_plan)
            lines.append(Listed(name, key.id, wanted.blueprints, key.made_at, state, end[key.id], key.in_states))
    return lines


def _state(key: Key, end: dt.datetime | None, now: dt.datetime, *, on_plan: bool) -> str:
    if not key.enabled:
        return "disabled"
    if end is not None:
        return "over" if end <= now else "retiring"
    return "current" if on_plan else "unfinished"
