"""Which part of the emulator a request is for: decided once, read by everything behind.

Two readings of one path are a way around whatever relies on the other reading: a bucket's object may have any key, also
one that looks like the path of a deployed API.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

DEPLOYED_API = re.compile(r"^/restapis/(?P<api>[^/]+)/(?P<stage>[^/]+)/_user_request_(?P<path>/.*)?$", re.DOTALL)
OWN = "/_emulator/"
HEALTH = "/_emulator/health"

DECISION, PROXIED = "emulator.route", "emulator.proxied"
"""Keys of the WSGI environment; no header of a request can set them."""


class Route(Enum):
    """Whose rules a request is judged by."""

    HEALTH = "health"
    """Says that an emulator is here, and which; open to every local program."""
    OWN = "own"
    """The emulator's own pages, which AWS does not have: for the administrator."""
    DEPLOYED_API = "deployed-api"
    """A deployed REST API, whose stage decides about its callers."""
    AWS = "aws"
    """A call of AWS's API, signed by somebody who may make it."""


def of(environ: dict[str, Any]) -> Route:
    """Return the route of a request, deciding it on the first call."""
    if DECISION not in environ:
        environ[DECISION] = _decide(environ)
    decided: Route = environ[DECISION]
    return decided


def _decide(environ: dict[str, Any]) -> Route:
    path = environ.get("PATH_INFO", "")
    if environ.get(PROXIED):
        # An address of AWS's, reached through this server as a proxy: nothing of the emulator's own is there.
        return Route.AWS
    if path == HEALTH:
        return Route.HEALTH
    if path.startswith(OWN):
        return Route.OWN
    return Route.DEPLOYED_API if DEPLOYED_API.match(path) else Route.AWS
