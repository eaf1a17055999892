"""The administrator's key: made anew at each start, known to whoever may read this process's files."""

from __future__ import annotations

import base64
import secrets

from emulator.core.processes import Credentials

PREFIX = "LOCAL"
"""No key of AWS's begins like this, so that nobody takes one for the other."""


def new_key() -> Credentials:
    """Make a key that AWS's own clients take: 20 capitals and digits, and 40 characters of secret."""
    name = base64.b32encode(secrets.token_bytes(10)).decode()[:15]
    return Credentials(PREFIX + name, secrets.token_urlsafe(30), "", "")


ADMIN = new_key()
"""Of this process. The AWS services of the emulator use it, too, for what they do on their own behalf."""
