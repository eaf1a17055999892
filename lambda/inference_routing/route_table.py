"""The routing table: records from a store, remembered for a while, and kept while the store has a bad moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from inference_common.errors import ServiceError, UnknownBlueprint
from inference_routing.routes import NAME, Route, parse_route

STALE_PAUSE_SECONDS = 5.0
"""How long the store is left in peace after it failed, or after it had nothing where a record points to."""


class Record(NamedTuple):
    """A record in a listing."""

    name: str
    changed: int
    """Seconds since 1970."""
    text: str

    @property
    def kind(self) -> str:
        """Nothing where the record is broken: whoever asks for that blueprint hears of it."""
        try:
            return parse_route(self.name, self.text).kind
        except ServiceError:
            return ""


class RouteStore(Protocol):
    def read(self, name: str, timeout_seconds: float) -> str | None:
        """The record's text, or None when there is none."""

    def list(self, timeout_seconds: float) -> Sequence[Record]:
        """All records there are."""


class Found(NamedTuple):
    """A route, and whether the store could not be asked whether it still holds."""

    route: Route
    stale: bool


@dataclass
class RouteTable:
    """Routes by name. That a name is unknown is not remembered of what callers ask for; that it is gone is learned
    with the next read."""

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
            # Newer than the list: whoever was answered by it finds it there.
            self._listed = (self.clock(), self._listed[1])
        return Found(route, False)

    def renewed(self, name: str, timeout_seconds: float) -> bool:
        """Whether the record of a name no longer says what is remembered of it; that is forgotten then.

        For when a target is not what the record says: its blueprint may have been made anew since. What was read a
        moment ago is not read again, since a wrong request is no reason to ask the store each time.
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
        """What a record points to. A failure is remembered a while: each request would pay for it again."""
        missing = self._missing.get(name)
        if missing and missing[0] > self.clock():
            raise missing[1]
        try:
            return self.get(name, timeout_seconds)
        except ServiceError as error:
            self._missing[name] = (self.clock() + min(self.seconds, STALE_PAUSE_SECONDS), error)
            raise

    def names(self, timeout_seconds: float) -> tuple[Record, ...]:
        """All blueprints, in order of name; an older list while the store has a bad moment."""
        if self._listed and self._listed[0] > self.clock():
            return self._listed[1]
        try:
            found = tuple(sorted(r for r in self.store.list(timeout_seconds) if NAME.fullmatch(r.name)))
        except ServiceError as error:
            if self._listed is None or not error.transient:
                raise
            found = self._listed[1]
        self._listed = (self.clock() + self.seconds, found)
        return found
