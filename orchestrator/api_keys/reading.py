"""List the API keys, and read the value of one for a request."""

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
    """A key as the CLI shows it."""

    name: str
    id: str
    blueprints: tuple[str, ...]
    made_at: dt.datetime
    state: str
    """current, retiring (accepted until `until`), over (removed by the next deployment), disabled, unfinished."""
    until: dt.datetime | None
    in_states: bool
    """Whether earlier versions of a Terraform state hold its value."""


def value(cloud: Cloud, outputs: Mapping[str, Json], name: str = DEFAULT) -> str:
    """Return the value of the newest valid key of a name, to be used in a header only.

    Args:
        outputs: the outputs of the stacks, of which `inference` is read.
        name: the key's name.

    Raises:
        PlatformError: there is no such key, or these credentials may not read it.
    """
    key_recipe = recipe(outputs, name)
    gateway = cloud.client("apigateway")
    prefix = key_recipe.key_name.removesuffix(f"-{name}")
    with explained(cloud, f"read the API key `{name}`"):
        on_plan = pages(gateway, "get_usage_plan_keys", "items", usagePlanId=key_recipe.usage_plan_id)
        items = [gateway.get_api_key(apiKey=item["id"], includeValue=True) for item in on_plan]
    values = {item["id"]: str(item.get("value") or "") for item in items}
    for key in by_name(key for item in items if (key := parse(prefix, item))).get(name, ()):
        if key.enabled and values[key.id]:
            return values[key.id]
    raise PlatformError(
        f"the API key `{name}` has no value that this role may read: "
        + (f"{len(items)} on its usage plan, none that is enabled" if items else "it does not exist"),
        hint="`orchestrator keys list ENV` shows the state of the keys, `orchestrator deploy ENV` creates missing ones",
    )


def listed(cloud: Cloud, owner: Owner, recipes: Mapping[str, Recipe], now: dt.datetime) -> list[Listed]:
    """List all keys with a recipe, by name and the newest first, without their values."""
    owned, lines = own(cloud, owner), []
    for name, each in sorted(recipes.items()):
        with explained(cloud, f"read the API key `{name}`"):
            gateway = cloud.client("apigateway")
            items = pages(gateway, "get_usage_plan_keys", "items", usagePlanId=each.usage_plan_id)
        on_plan = {item["id"] for item in items}
        keys = owned.get(name, ())
        end = ends(keys)
        for key in keys:
            state = _state(key, end[key.id], now, on_plan=key.id in on_plan)
            lines.append(Listed(name, key.id, each.blueprints, key.made_at, state, end[key.id], key.in_states))
    return lines


def _state(key: Key, end: dt.datetime | None, now: dt.datetime, *, on_plan: bool) -> str:
    if not key.enabled:
        return "disabled"
    if end is not None:
        return "over" if end <= now else "retiring"
    return "current" if on_plan else "unfinished"
