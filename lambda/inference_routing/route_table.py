"""Cache route records, and keep serving them while the store is unavailable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from inference_common.errors import ServiceError, UnknownBlueprint
from inference_routing.routes import NAME, Route, parse_route

STALE_PAUSE_SECONDS = 5.0
"""Pause before the store is read again after it failed or a referenced record was missing."""


class Record(NamedTuple):
    """A record in a listing."""

    name: str
    changed: int
    """Seconds since 1970."""
    text: str

    @property
    def kind(self) -> str:
        """Return the kind, or None for a broken record; requests to that blueprint report the defect."""
        try:
            return parse_route(self.name, self.text).kind
        except ServiceError:
            return ""


class RouteStore(Protocol):
    def read(self, name: str, timeout_seconds: float) -> str | None:
        """Return the text of a record, or None if it does not exist."""

    def list(self, timeout_seconds: float) -> Sequence[Record]:
        """Return all records."""


class Found(NamedTuple):
    """A route, and whether it is stale because the store could not be read."""

    route: Route
    stale: bool


@dataclass
class RouteTable:
    """Routes by name. Unknown names that callers send are not cached; a deleted record is noticed at the next read."""

    store: RouteStore
    seconds: float
    clock: Callable[[], float]
    _known: dict[str, tuple[float, Route, bool]] = field(default_factory=dict)
    _listed: tuple[float, tuple[Record, ...]] | None = None
    _missing: dict[str, tuple[float, ServiceError]] = field(default_factory=dict)

    def get(self, name: str, timeout_seconds: float) -> Found:
        if not NAME.fullmatch(name):
            raise UnknownBlueprint(f"there is no blueprint '{name[:64]}'")
        known = self._known.get(name)
        if known and known[0] > self.clock():
            return Found(known[1], known[2])
        try:
            text = self.store.read(name, timeout_seconds)
        except ServiceError as error:
            if known is None or not error.transient:
                raise
            self._known[name] = (self.clock() + min(self.seconds, STALE_PAUSE_SECONDS), known[1], True)
            return Found(known[1], True)
        if text is None:
            self._known.pop(name, None)
            raise UnknownBlueprint(f"there is no blueprint '{name}'")
        route = parse_route(name, text)
        self._known[name] = (self.clock() + self.seconds, route, False)
        if self._listed and all(record.name != name for record in self._listed[1]):
            # Newer than the list, which must include every blueprint that answers.
            self._listed = (self.clock(), self._listed[1])
        return Found(route, False)

    def renewed(self, name: str, timeout_seconds: float) -> bool:
        """Reread a record after its target failed; return whether it changed, dropping the cached one.

        The blueprint may have been recreated. A recently read record is not read again, so that bad requests do not
        cause a read each.
        """
        known = self._known.get(name)
        if known is None or known[0] - self.clock() > self.seconds - STALE_PAUSE_SECONDS:
            return False
        text = self.store.read(name, timeout_seconds)
        if text is not None and parse_route(name, text) == known[1]:
            self._known[name] = (self.clock() + self.seconds, known[1], False)
            return False
        del self._known[name]
        return True

    def referred(self, name: str, timeout_seconds: float) -> Found:
        """Return a referenced route. Failures are cached for a while, so that not every request pays for them."""
        missing = self._missing.get(name)
        if missing and missing[0] > self.clock():
            raise missing[1]
        try:
            return self.get(name, timeout_seconds)
        except ServiceError as error:
            self._missing[name] = (self.clock() + min(self.seconds, STALE_PAUSE_SECONDS), error)
            raise

    def names(self, timeout_seconds: float) -> tuple[Record, ...]:
        """Return all blueprints by name, or the cached list while the store is unavailable."""
        if self._listed and self._listed[0] > self.clock():
            return self._listed[1]
        try:
            names = tuple(sorted(r for r in self.store.list(timeout_seconds) if NAME.fullmatch(r.name)))
        except ServiceError as error:
            if self._listed is None or not error.transient:
                raise
            names = self._listed[1]
        self._listed = (self.clock() + self.seconds, names)
        return names
