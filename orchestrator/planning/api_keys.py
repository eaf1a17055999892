"""What keys are made from, which key of a name counts, and until when. Pure.

A name has one key, and during a rotation more. All that follows from a rotation is in the tags of the new key, which
exist from its first moment: whatever a run that was killed has left undone, the next one can tell.
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
    """What Terraform publishes of a key: everything but the key."""

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
    """The names that an environment has keys for; the phase `inference` makes a plan for each."""
    return (DEFAULT, SMOKE, *environment.platform.inference.api_keys)


def recipes(outputs: Mapping[str, Json]) -> dict[str, Recipe]:
    """By name, from what the stacks publish. Raises `PlatformError` where that is missing."""
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
    """That of one key. Raises `PlatformError` with the names that there are."""
    every = recipes(outputs)
    if name not in every:
        raise PlatformError(f"there is no API key `{name}`; available: {', '.join(sorted(every))}")
    return every[name]


def parse(prefix: str, item: Mapping[str, Any]) -> Key | None:
    """A key as API Gateway describes it; `None` if it is not named after `prefix` (`<name prefix>-inference`)."""
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
    """The keys of each name, the newest first."""
    found: dict[str, list[Key]] = {}
    for key in sorted(keys, key=lambda key: key.age, reverse=True):
        found.setdefault(key.name, []).append(key)
    return {name: tuple(each) for name, each in found.items()}


def ends(keys: Sequence[Key]) -> dict[str, dt.datetime | None]:
    """By id when a key of one name ends: at the earliest end that a newer one sets. The newest has none."""
    found: dict[str, dt.datetime | None] = {}
    earliest: dt.datetime | None = None
    for key in sorted(keys, key=lambda key: key.age, reverse=True):
        found[key.id] = earliest
        said = moment(key.tags[UNTIL]) if UNTIL in key.tags else None
        earliest = min((each for each in (earliest, said) if each is not None), default=None)
    return found


def over(keys: Sequence[Key], now: dt.datetime) -> list[Key]:
    """Those of one name whose time has passed."""
    found = ends(keys)
    return [key for key in keys if (end := found[key.id]) is not None and end <= now]


def stamp(keys: Sequence[Key], now: dt.datetime) -> str:
    """Of a new key of this name: now, and in any case after every other."""
    newest = max((key.stamp for key in keys), default="")
    if newest >= now.strftime(_STAMP):
        now = dt.datetime.strptime(newest, _STAMP).replace(tzinfo=dt.UTC) + dt.timedelta(seconds=1)
    return now.strftime(_STAMP)


def written(time: dt.datetime) -> str:
    """A moment as tags and records hold it."""
    return time.astimezone(dt.UTC).strftime(_TIME)


def moment(text: str) -> dt.datetime:
    """A moment from a tag. Raises `PlatformError`: a rotation whose end nobody knows must not pass for none."""
    try:
        return dt.datetime.strptime(text, _TIME).replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise PlatformError(
            f"the tag `{UNTIL}` of an API key is no moment: `{text}`", hint=f"it must read like {_TIME} in UTC"
        ) from error


def record(recipe: Recipe, keys: Sequence[Key], hashes: Mapping[str, str]) -> Json:
    """What the authorizer reads of a name: its blueprints, the hashes of its keys, and until when each counts.

    A key without a hash has none to be let in by: it is disabled, or its time has passed.
    """
    entries = []
    for key_id, end in ends(keys).items():
        if key_id in hashes:
            entry = {"key_id": key_id, "sha256": hashes[key_id]}
            entries.append(entry if end is None else {**entry, "not_after": written(end)})
    return {"blueprints": list(recipe.blueprints), "hashes": entries}
