"""The administrator's key: generated at each start, and known to every user who may read this process's files."""

from __future__ import annotations

import base64
import secrets

from emulator.core.processes import Credentials

PREFIX = "LOCAL"
"""No key of AWS begins with this, so that the two cannot be confused."""


def new_key() -> Credentials:
    """Generate a key that AWS's clients accept: 20 capitals and digits, and 40 characters of secret."""
    name = base64.b32encode(secrets.token_bytes(10)).decode()[:15]
    return Credentials(PREFIX + name, secrets.token_urlsafe(30), "", "")


ADMIN = new_key()
"""The key of this process. The emulator's services also use it for calls on their own behalf."""
