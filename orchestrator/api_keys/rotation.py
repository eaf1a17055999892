"""A second key for a name: both are accepted for a while, then the first one ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from orchestrator.api_keys.upkeep import Kept, Owner, keep, make, own, tag
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
) -> Kept:
    """Make a new key for each of these names; the others of the name end after `overlap`.

    Making the key is the one step that counts: its tags hold the end, and `keep` does the rest, now or in the next
    deployment.
    """
    keep(cloud, owner, recipes, now)
    found = own(cloud, owner)
    for name in names:
        with explained(cloud, f"rotate the API key `{name}`"):
            make(cloud, owner, recipes[name], stamp(found[name], now), now + overlap)
    kept = keep(cloud, owner, recipes, now)
    return Kept(list(names), kept.adopted, kept.ended)


def finish(cloud: Cloud, owner: Owner, recipes: Mapping[str, Recipe], names: Collection[str], now: dt.datetime) -> Kept:
    """End every key of these names but the newest, whether its time has passed or not."""
    keep(cloud, owner, recipes, now)
    for name, keys in own(cloud, owner).items():
        if name in names and len(keys) > 1:
            with explained(cloud, f"finish the rotation of the API key `{name}`"):
                tag(cloud, owner, keys[0], {UNTIL: written(now)})
    return keep(cloud, owner, recipes, now)
