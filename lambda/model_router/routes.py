"""Route records: what a blueprint's name stands for. Parsing is pure; the table asks a store and caches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from inference_common.errors import InternalError, UnknownBlueprint

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
TARGET_FIELD = {"sagemaker": "endpoint_name", "bedrock": "model_id"}


@dataclass(frozen=True)
class Target:
    """One place where a request can be answered; `address` is an endpoint's name or a model id."""

    name: str
    address: str
    weight: float = 1


@dataclass(frozen=True)
class Route:
    blueprint: str
    kind: str
    source: str
    targets: tuple[Target, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def parse_route(name: str, text: str) -> Route:
    """The record of one blueprint. A record that breaks the format is a defect of a deployment, not of a request."""
    try:
        record = json.loads(text)
        address = TARGET_FIELD[record["source"]]
        targets = tuple(Target(str(t["name"]), str(t[address]), float(t.get("weight", 1))) for t in record["targets"])
        route = Route(name, record["kind"], record["source"], targets, record.get("parameters") or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InternalError(f"the route record of '{name}' is broken: {type(error).__name__} {error}") from error
    if not targets or any(t.weight < 0 for t in targets):
        raise InternalError(f"the route record of '{name}' needs targets with weights of 0 or more")
    return route


class RouteStore(Protocol):
    def read(self, name: str, timeout_seconds: int) -> str | None:
        """The record's text, or None when there is none."""


@dataclass
class RouteTable:
    """Routes by name, remembered for a while; that a name is unknown is never remembered."""

    store: RouteStore
    seconds: float
    clock: Callable[[], float]
    _known: dict[str, tuple[float, Route]] = field(default_factory=dict)

    def get(self, name: str, timeout_seconds: int) -> Route:
        if not NAME.fullmatch(name):
            raise UnknownBlueprint(f"there is no blueprint '{name[:64]}'")
        known = self._known.get(name)
        if known and known[0] > self.clock():
            return known[1]
        text = self.store.read(name, timeout_seconds)
        if text is None:
            self._known.pop(name, None)
            raise UnknownBlueprint(f"there is no blueprint '{name}'")
        route = parse_route(name, text)
        self._known[name] = (self.clock() + self.seconds, route)
        return route
