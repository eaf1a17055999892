"""The outermost rule: requests of web pages are rejected, whatever host name they use.

Loopback is not trust. Every page that is open in a browser on this machine can send requests to it: by forms and
images without any consent, and, once its own name resolves to 127.0.0.1 (DNS rebinding), with any header and
access to the response. Two things identify such requests, and neither can be set by a page: the headers that
browsers add, and the host name that the page was loaded from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from werkzeug.wrappers import Response

from emulator.http import routes
from emulator.moto.wire import Environ, StartResponse, Wsgi

BROWSERS_ADD = (
    "HTTP_ORIGIN",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
)
PROXIED_HOST = re.compile(r"(?:[a-z0-9-]+\.)+amazonaws\.com(?::80)?")
"""Hosts that SDKs call although an endpoint is set: of operations whose model adds a prefix to the host."""


class Admission:
    """WSGI middleware in front of everything.

    Args:
        address: `<host>:<port>` that the server is bound to, the only name for direct requests.
    """

    def __init__(self, application: Wsgi, address: str) -> None:
        self._application = application
        self._address = address

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reason = self._refusal(environ)
        if reason:
            return _forbidden(reason)(environ, start_response)
        routes.of(environ)
        return self._application(environ, start_response)

    def _refusal(self, environ: Environ) -> str:
        """Return why a request is rejected; empty if it is accepted."""
        for name in BROWSERS_ADD:
            if name in environ:
                header = name.removeprefix("HTTP_").replace("_", "-").title()
                return f"the local AWS accepts no requests of web pages, and this one has the header {header}"
        host = str(environ.get("HTTP_HOST", ""))
        if host == self._address:
            environ[routes.PROXIED] = False
        known = host == self._address or (environ.get(routes.PROXIED) and PROXIED_HOST.fullmatch(host))
        return "" if known else f"the local AWS is reached at http://{self._address} only, and not as {host[:100]!r}"


def _forbidden(reason: str) -> Wsgi:
    """Build the response, without headers that would let a page read it."""
    body = json.dumps({"__type": "Forbidden", "message": reason})
    return Response(body, 403, {"x-emulator-fidelity": "not-run"}, content_type="application/json")
