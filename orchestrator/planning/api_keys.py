"""What API keys are made from, which keys of a name are valid, and until when. Pure.

A name has one key, and during a rotation more. All that follows from a rotation is in the tags of the new key, which
exist from its first moment: the next run can complete what a killed run has left undone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.config.model.platform import Environment
from orchestrator.config.rules.api import DEFAULT, SMOKE
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError

UNTIL = "predecessors-until"
"""Tag of a key made by a rotation: when those that it follows end."""
IN_STATES = "value-in-states"
"""Tag of a key that Terraform made: earlier versions of a state hold its value."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_STAMP = "%Y%m%dT%H%M%SZ"
_STAMPED = re.compile(r"(?P<name>[a-z][a-z0-9-]*)(?:-(?P<stamp>\d{8}T\d{6}Z))?")


@dataclass(frozen=True)
class Recipe:
    """What Terraform publishes about a key: everything except its value."""

    name: str
    key_name: str
    blueprints: tuple[str, ...]
    usage_plan_id: str
    parameter_name: str
    kms_key_arn: str


@dataclass(frozen=True)
class Key:
    """One key in API Gateway, without its value."""

    id: str
    name: str
    """Of the caller, as in the environment file."""
    stamp: str
    """When a rotation made it, as its name in API Gateway says; empty for the first key of a name."""
    made_at: dt.datetime
    enabled: bool
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_states(self) -> bool:
        return self.tags.get(IN_STATES) == "true"

    @property
    def age(self) -> tuple[str, dt.datetime, str]:
        """Orders the keys of a name, the oldest first."""
        return self.stamp, self.made_at, self.id


def key_names(environment: Environment) -> tuple[str, ...]:
    """Return the names that an environment has keys for; `inference` creates a usage plan for each."""
    return (DEFAULT, SMOKE, *environment.platform.inference.api_keys)


def recipes(outputs: Mapping[str, Json]) -> dict[str, Recipe]:
    """Return the recipes by name, from the outputs of the stacks. Raises `PlatformError` where they are missing."""
    published = outputs.get("inference", {}).get("api", {}).get("keys")
    if not published:
        raise PlatformError(
            "the stack inference publishes no API keys"
            if "inference" in outputs
            else "the stack inference is not deployed",
            hint="`orchestrator deploy ENV` deploys it and makes the keys",
        )
    return {name: _recipe(name, each) for name, each in published.items()}


def _recipe(name: str, published: Json) -> Recipe:
    return Recipe(
        name,
        published["key_name"],
        tuple(published["blueprints"]),
        published["usage_plan_id"],
        published["parameter_name"],
        published["kms_key_arn"],
    )


def recipe(outputs: Mapping[str, Json], name: str) -> Recipe:
    """Return the recipe of one key. Raises `PlatformError` with the valid names."""
    every = recipes(outputs)
    if name not in every:
        raise PlatformError(f"there is no API key `{name}`; available: {', '.join(sorted(every))}")
    return every[name]


def parse(prefix: str, item: Mapping[str, Any]) -> Key | None:
    """Parse a key of API Gateway; `None` if its name does not start with `prefix` (`<name prefix>-inference`)."""
    named = str(item.get("name") or "")
    match = _STAMPED.fullmatch(named.removeprefix(f"{prefix}-")) if named.startswith(f"{prefix}-") else None
    if match is None:
        return None
    return Key(
        id=str(item["id"]),
        name=match["name"],
        stamp=match["stamp"] or "",
        made_at=item["createdDate"].astimezone(dt.UTC),
        enabled=bool(item.get("enabled")),
        tags=dict(item.get("tags") or {}),
    )


def by_name(keys: Iterable[Key]) -> dict[str, tuple[Key, ...]]:
    """Group keys by name, the newest first."""
    groups: dict[str, list[Key]] = {}
    for key in sorted(keys, key=lambda key: key.age, reverse=True):
        groups.setdefault(key.name, []).append(key)
    return {name: tuple(each) for name, each in groups.items()}


def ends(keys: Sequence[Key]) -> dict[str, dt.datetime | None]:
    """Return by id when each key of one name ends: at the earliest end that a newer one sets; the newest has none."""
    end_of: dict[str, dt.datetime | None] = {}
    earliest: dt.datetime | None = None
    for key in sorted(keys, key=lambda key: key.age, reverse=True):
        end_of[key.id] = earliest
        until = moment(key.tags[UNTIL]) if UNTIL in key.tags else None
        earliest = min((each for each in (earliest, until) if each is not None), default=None)
    return end_of


def over(keys: Sequence[Key], now: dt.datetime) -> list[Key]:
    """Return the keys of one name that have ended."""
    end_of = ends(keys)
    return [key for key in keys if (end := end_of[key.id]) is not None and end <= now]


def stamp(keys: Sequence[Key], now: dt.datetime) -> str:
    """Return the stamp of a new key of this name: now, but later than every other."""
    newest = max((key.stamp for key in keys), default="")
    if newest >= now.strftime(_STAMP):
        now = dt.datetime.strptime(newest, _STAMP).replace(tzinfo=dt.UTC) + dt.timedelta(seconds=1)
    return now.strftime(_STAMP)


def written(time: dt.datetime) -> str:
    """Format a time for tags and records."""
    return time.astimezone(dt.UTC).strftime(_TIME)


def moment(text: str) -> dt.datetime:
    """Parse a time from a tag. Raises `PlatformError`: an unreadable end must not count as no end."""
    try:
        return dt.datetime.strptime(text, _TIME).replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise PlatformError(
            f"the tag `{UNTIL}` of an API key is not a time: `{text}`", hint=f"the format is {_TIME}, in UTC"
        ) from error


def record(recipe: Recipe, keys: Sequence[Key], hashes: Mapping[str, str]) -> Json:
    """Build the authorizer's record of a name: its blueprints, the hashes of its keys, and until when each is valid.

    A key without a hash is not accepted: it is disabled or has ended.
    """
    entries = []
    for key_id, end in ends(keys).items():
        if key_id in hashes:
            entry = {"key_id": key_id, "sha256": hashes[key_id]}
            entries.append(entry if end is None else {**entry, "not_after": written(end)})
    return {"blueprints": list(recipe.blueprints), "hashes": entries}
