"""Ids that follow from who asks for what, and that nobody can compute who lacks the environment's secret. Pure.

Each is an HMAC over the kind of id, the blueprint, the owner and what the owner chose. So the same choice of two
callers makes two ids, and neither caller can name, find or collide with what is the other's.
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
"""Hexadecimal digits: 64 bits that nobody can try out, since only the API computes them."""


@dataclass(frozen=True)
class Ids:
    secret: Callable[[], bytes]

    def request(self, blueprint: str, owner: str, given: str | None) -> str:
        """Make a new id, or always the same one for the same caller's idempotency key."""
        if given is None:
            return str(uuid.uuid4())
        if not 8 <= len(given) <= 128 or not given.isprintable():
            raise BadRequest("the header 'idempotency-key' must have 8 to 128 printable characters")
        return str(uuid.UUID(bytes=self._digest("request", blueprint, owner, given)[:16], version=4))

    def uploads(self, blueprint: str, owner: str) -> str:
        """Name the folder of the inputs that one caller uploads."""
        return self._digest("uploads", blueprint, owner).hex()[:TAG]

    def job(self, blueprint: str, owner: str, chosen: str) -> str:
        """Name a batch job as it is kept: what its caller calls it, and a tag that makes it that caller's."""
        return f"{chosen}-{self._digest('job', blueprint, owner, chosen).hex()[:TAG]}"

    def _digest(self, *parts: str) -> bytes:
        # As a JSON list, so that no two lists of parts are the same text.
        return hmac.new(self.secret(), json.dumps(parts).encode(), hashlib.sha256).digest()
