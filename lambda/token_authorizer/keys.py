"""The keys of the environment, by their hashes. Parsing is pure; the table asks a store and caches."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from inference_common.json_input import loads
from inference_common.logs import described

HASH = re.compile(r"[0-9a-f]{64}")
EVERY = "*"
BLUEPRINT = re.compile(r"\*|[a-z][a-z0-9-]{0,30}[a-z0-9]")
FRESH_SECONDS = 5
"""A token that nobody knows makes the table ask again, but not more often than this: guessing must not cost calls."""


@dataclass(frozen=True)
class Key:
    """One API key: who holds it, and the blueprints it is good for (`*`: all)."""

    principal: str
    sha256: str
    blueprints: tuple[str, ...]


class BrokenRecord(Exception):
    """A record that breaks the format: a defect of a deployment, which lets nobody in."""


def parse_key(name: str, text: str) -> Key:
    """`{"sha256": "<hex>", "blueprints": ["chat", …]}`."""
    try:
        record = loads(text)
        key = Key(name, record["sha256"], tuple(record["blueprints"]))
        valid = HASH.fullmatch(key.sha256) and key.blueprints and all(BLUEPRINT.fullmatch(b) for b in key.blueprints)
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenRecord(f"{type(error).__name__} {error}") from error
    if not valid:
        raise BrokenRecord("needs a hash and at least one blueprint")
    return key


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
        """All hashes are compared, each in constant time: how long it takes tells nothing."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
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
        keys = []
        for name, text in sorted(records.items()):
            try:
                keys.append(parse_key(name, text))
            except BrokenRecord as broken:
                self.log.error("the record of a key is broken", extra={"key": name, **described(broken)})
        return keys
