"""The keys of the environment, by their hashes. Parsing is pure; the table asks a store and caches."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from inference_common.json_input import loads
from inference_common.logs import described

HASH = re.compile(r"[0-9a-f]{64}")
EVERY = "*"
BLUEPRINT = re.compile(r"\*|[a-z][a-z0-9-]{0,30}[a-z0-9]")
FRESH_SECONDS = 5
"""A token that nobody knows makes the table ask again, but not more often than this: guessing must not cost calls."""


@dataclass(frozen=True)
class Key:
    """One API key: who holds it, the blueprints it is good for (`*`: all), and until when (epoch; `None`: for ever)."""

    principal: str
    sha256: str
    blueprints: tuple[str, ...]
    not_after: float | None = None


class BrokenRecord(Exception):
    """A record that breaks the format: a defect of a deployment, which lets nobody in."""


def parse_keys(name: str, text: str) -> list[Key]:
    """Read `{"blueprints": ["chat", …], "hashes": [{"sha256": "<hex>", "not_after": "2026-12-01T10:00:00Z"}, …]}`.

    During a rotation a name has several hashes, and those that end have a time. A record of before there were
    rotations has its one hash beside the blueprints, until the deployment that brought this code has written it anew.
    """
    try:
        record = loads(text)
        blueprints = tuple(record["blueprints"])
        entries = record.get("hashes", [record])
        keys = [Key(name, entry["sha256"], blueprints, _moment(entry.get("not_after"))) for entry in entries]
        valid = keys and blueprints and all(BLUEPRINT.fullmatch(b) for b in blueprints)
        valid = valid and all(HASH.fullmatch(key.sha256) for key in keys)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenRecord(f"{type(error).__name__} {error}") from error
    if not valid:
        raise BrokenRecord("needs a hash and at least one blueprint")
    return keys


def _moment(text: Any) -> float | None:
    """Epoch of a moment with its zone: one without would mean another time on another machine."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment.timestamp()


class KeyStore(Protocol):
    def read(self) -> Mapping[str, str]:
        """All records by name. Raises when they cannot be read."""


@dataclass
class KeyTable:
    """Keys, remembered for a while.

    While the store does not answer, what is remembered goes on being used: API Gateway itself refuses keys that were
    disabled or deleted, so this keeps no revoked key alive. With nothing remembered the error goes up.
    """

    store: KeyStore
    seconds: float
    clock: Callable[[], float]
    log: logging.Logger
    now: Callable[[], float] = time.time
    _keys: tuple[Key, ...] = field(default=())
    _read_at: float | None = None
    _asked_at: float = 0.0

    def find(self, token: str) -> Key | None:
        """The key that the token is."""
        self._refresh(self.seconds)
        found = self._match(token)
        if found is None and self._refresh(min(FRESH_SECONDS, self.seconds)):
            found = self._match(token)
        return found

    def _match(self, token: str) -> Key | None:
        """All hashes are compared, each in constant time: how long it takes tells nothing.

        A key whose time has passed is refused even if it has not been removed, and the record is an hour old.
        """
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        if found is not None and found.not_after is not None and self.now() >= found.not_after:
            return None
        return found

    def _refresh(self, seconds: float) -> bool:
        """Ask the store if the last time was longer ago. Returns whether there is something new to look at."""
        now = self.clock()
        if self._read_at is not None and now - self._asked_at < seconds:
            return False
        self._asked_at = now
        try:
            records = self.store.read()
        except Exception as error:
            if self._read_at is None:
                raise
            self.log.warning("keys could not be read anew", extra={"why": type(error).__name__})
            return False
        self._keys = tuple(self._valid(records))
        self._read_at = now
        return True

    def _valid(self, records: Mapping[str, str]) -> list[Key]:
        keys: list[Key] = []
        for name, text in sorted(records.items()):
            try:
                keys += parse_keys(name, text)
            except BrokenRecord as broken:
                self.log.error("the record of a key is broken", extra={"key": name, **described(broken)})
        return keys
