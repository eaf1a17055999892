"""Derive ids from owner and request, unguessable without the environment's secret. Pure.

Each id is an HMAC over the kind of id, the blueprint, the owner and the owner's choice. Equal choices of two callers
give two ids, so that no caller can name, find or collide with what belongs to another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from inference_common.errors import BadRequest

TAG = 16
"""Hexadecimal digits: 64 bits suffice, since only the API computes them."""


@dataclass(frozen=True)
class Ids:
    secret: Callable[[], bytes]

    def request(self, blueprint: str, owner: str, given: str | None) -> str:
        """Return a new id, or the same id for the same idempotency key of a caller."""
        if given is None:
            return str(uuid.uuid4())
        if not 8 <= len(given) <= 128 or not given.isprintable():
            raise BadRequest("the header 'idempotency-key' must have 8 to 128 printable characters")
        return str(uuid.UUID(bytes=self._digest("request", blueprint, owner, given)[:16], version=4))

    def uploads(self, blueprint: str, owner: str) -> str:
        """Return the folder name for a caller's uploads."""
        return self._digest("uploads", blueprint, owner).hex()[:TAG]

    def job(self, blueprint: str, owner: str, chosen: str) -> str:
        """Return the stored name of a batch job: the caller's name for it, with a tag that is unique to the caller."""
        return f"{chosen}-{self._digest('job', blueprint, owner, chosen).hex()[:TAG]}"

    def _digest(self, *parts: str) -> bytes:
        # A JSON list, so that different lists of parts give different texts.
        return hmac.new(self.secret(), json.dumps(parts).encode(), hashlib.sha256).digest()
