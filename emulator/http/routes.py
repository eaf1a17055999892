"""The part of the emulator that a request is for: decided once, read by all later code.

Two readings of one path would bypass checks that rely on the other reading: a bucket's object may have any key, also
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
    """The rules that apply to a request."""

    HEALTH = "health"
    """Identifies the emulator; open to every local program."""
    OWN = "own"
    """The emulator's own pages, which AWS does not have: for the administrator."""
    DEPLOYED_API = "deployed-api"
    """A deployed REST API, whose stage authorizes its callers."""
    AWS = "aws"
    """A call of AWS's API, signed by a principal."""


def of(environ: dict[str, Any]) -> Route:
    """Return the route of a request, deciding it on the first call."""
    if DECISION not in environ:
        environ[DECISION] = _decide(environ)
    decided: Route = environ[DECISION]
    return decided


def _decide(environ: dict[str, Any]) -> Route:
    path = environ.get("PATH_INFO", "")
    if environ.get(PROXIED):
        # A URL of AWS, reached through this server as a proxy: it is not a page of the emulator.
        return Route.AWS
    if path == HEALTH:
        return Route.HEALTH
    if path.startswith(OWN):
        return Route.OWN
    return Route.DEPLOYED_API if DEPLOYED_API.match(path) else Route.AWS
