"""Rotate API keys: a second key of a name is accepted together with the first one, until that ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from orchestrator.api_keys.upkeep import KeyChanges, Owner, keep, make, own, tag
from orchestrator.aws.client import explained
from orchestrator.aws.model import Cloud
from orchestrator.planning.api_keys import UNTIL, Recipe, stamp, written


def rotate(
    cloud: Cloud,
    owner: Owner,
    recipes: Mapping[str, Recipe],
    names: Collection[str],
    overlap: dt.timedelta,
    now: dt.datetime,
) -> KeyChanges:
    """Create a new key for each of these names; the name's other keys end after `overlap`.

    The creation is the decisive step: the new key's tags hold the end of the others, and `keep` does the rest, now or
    in the next deployment.
    """
    keep(cloud, owner, recipes, now)
    owned = own(cloud, owner)
    for name in names:
        with explained(cloud, f"rotate the API key `{name}`"):
            make(cloud, owner, recipes[name], stamp(owned[name], now), now + overlap)
    changes = keep(cloud, owner, recipes, now)
    return KeyChanges(list(names), changes.adopted, changes.ended)


def finish(
    cloud: Cloud, owner: Owner, recipes: Mapping[str, Recipe], names: Collection[str], now: dt.datetime
) -> KeyChanges:
    """End every key of these names except the newest, before its time if need be."""
    keep(cloud, owner, recipes, now)
    for name, keys in own(cloud, owner).items():
        if name in names and len(keys) > 1:
            with explained(cloud, f"finish the rotation of the API key `{name}`"):
                tag(cloud, owner, keys[0], {UNTIL: written(now)})
    return keep(cloud, owner, recipes, now)
