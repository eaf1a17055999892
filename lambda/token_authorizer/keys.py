"""Parse and cache the environment's API keys, which are stored as hashes."""

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
"""Minimum seconds between refreshes for unknown tokens, so that guessing does not cause calls."""


@dataclass(frozen=True)
class Key:
    """An API key: its holder, permitted blueprints (`*`: all) and expiry (epoch seconds; None: never)."""

    principal: str
    sha256: str
    blueprints: tuple[str, ...]
    not_after: float | None = None


class BrokenRecord(Exception):
    """A malformed record: a deployment defect, which authorizes no caller."""


def parse_keys(name: str, text: str) -> list[Key]:
    """Parse `{"blueprints": ["chat", …], "hashes": [{"sha256": "<hex>", "not_after": "2026-12-01T10:00:00Z"}, …]}`.

    During a rotation a name has several hashes, and expiring ones have a `not_after`. Records from before rotations
    existed hold a single hash beside the blueprints, until the next deployment rewrites them.
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
    """Return epoch seconds. Requires a time zone: local time would depend on the machine."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment.timestamp()


class KeyStore(Protocol):
    def read(self) -> Mapping[str, str]:
        """Return all records by name. Raises if they cannot be read."""


@dataclass
class KeyTable:
    """A cache of keys.

    While the store is unavailable, cached keys stay valid: API Gateway itself refuses disabled or deleted keys, so this
    keeps no revoked key alive. Without cached keys the error is raised.
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
        """Return the key of a token, or None."""
        self._refresh(self.seconds)
        key = self._match(token)
        if key is None and self._refresh(min(FRESH_SECONDS, self.seconds)):
            key = self._match(token)
        return key

    def _match(self, token: str) -> Key | None:
        """Compare all hashes in constant time, so that timing reveals nothing.

        Expired keys are refused even if their record has not been updated.
        """
        digest = hashlib.sha256(token.encode()).hexdigest()
        match = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                match = key
        if match is not None and match.not_after is not None and self.now() >= match.not_after:
            return None
        return match

    def _refresh(self, seconds: float) -> bool:
        """Read the store if the last read is older than `seconds`; return whether keys were read."""
        now = self.clock()
        if self._read_at is not None and now - self._asked_at < seconds:
            return False
        self._asked_at = now
        try:
            records = self.store.read()
        except Exception as error:
            if self._read_at is None:
                raise
            self.log.warning("keys could not be refreshed", extra={"why": type(error).__name__})
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
