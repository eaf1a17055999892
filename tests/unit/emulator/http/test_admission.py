"""The outermost check, on every family of routes: requests of browsers are refused, whatever the host name."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.http import routes
from emulator.http.admission import Admission
from emulator.http.routes import Route

ADDRESS = "127.0.0.1:4566"
FAMILIES = {
    "health": "/_emulator/health",
    "evidence": "/_emulator/evidence",
    "faults": "/_emulator/faults",
    "moto's pages": "/moto-api/reset",
    "moto's data": "/moto-api/data.json",
    "instance metadata": "/latest/meta-data/iam/security-credentials/",
    "control plane": "/",
    "object": "/bucket/key",
    "object named as an API": "/bucket/_user_request_/key",
    "REST": "/2015-03-31/functions/f/invocations",
    "model": "/model/amazon.nova-lite-v1:0/converse",
    "endpoint": "/endpoints/e/invocations",
    "feature store": "/FeatureGroup/f",
    "deployed API": "/restapis/abc/v1/_user_request_/realtime/reviews",
}
BROWSERS = {
    "another site": {"HTTP_ORIGIN": "https://evil.example"},
    "a sandboxed page": {"HTTP_ORIGIN": "null"},
    "its own page": {"HTTP_ORIGIN": f"http://{ADDRESS}"},
    "no origin": {"HTTP_SEC_FETCH_SITE": "cross-site"},
    "typed address": {"HTTP_SEC_FETCH_SITE": "none"},
    "preflight": {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"},
    "preflight of headers": {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization"},
    "form": {"REQUEST_METHOD": "POST", "HTTP_ORIGIN": "null", "CONTENT_TYPE": "application/x-www-form-urlencoded"},
    "upload": {"REQUEST_METHOD": "POST", "HTTP_SEC_FETCH_SITE": "same-site", "CONTENT_TYPE": "multipart/form-data"},
}
FOREIGN = (
    "evil.example",
    "evil.example:4566",
    "localhost:4566",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:4566.evil.example",
    "127.0.0.1:4566,evil.example",
    "127.1:4566",
    "[::1]:4566",
    "0.0.0.0:4566",
    "s3.us-east-1.amazonaws.com",
    "",
)


def sent(path: str, **environ: Any) -> tuple[str, dict[str, str], list[Route]]:
    """Return status and headers of the response, and the routes that reached the application."""
    seen: list[Route] = []
    response: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(routes.of(environ))
        start_response("200 OK", [])
        return [b""]

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        response.update(status=status, headers=dict(headers))

    request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": ADDRESS, "wsgi.url_scheme": "http", **environ}
    b"".join(Admission(application, ADDRESS)(request, start))
    return response["status"], response["headers"], seen


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_browser_requests_are_refused_and_cannot_be_read(family: str, browser: str) -> None:
    status, headers, seen = sent(FAMILIES[family], **BROWSERS[browser])
    assert (status, seen) == ("403 FORBIDDEN", [])
    assert not [name for name in headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("family", FAMILIES)
def test_another_name_of_this_machine_is_refused(family: str, host: str) -> None:
    """DNS rebinding: the page's own name, made to resolve to 127.0.0.1."""
    status, _, seen = sent(FAMILIES[family], HTTP_HOST=host)
    assert (status, seen) == ("403 FORBIDDEN", [])


def test_the_bound_address_is_accepted() -> None:
    assert sent("/")[0] == "200 OK"


def test_a_missing_host_is_refused() -> None:
    assert sent("/", HTTP_HOST=None)[2] == []


@pytest.mark.parametrize("path", FAMILIES.values())
def test_a_proxied_address_of_aws_reaches_only_operations_of_aws(path: str) -> None:
    host = "123456789012.s3-control.us-east-1.amazonaws.com"
    assert sent(path, HTTP_HOST=host, **{routes.PROXIED: True})[2] == [Route.AWS]


@pytest.mark.parametrize(
    "host", ["evil.example", "amazonaws.com", "x.amazonaws.com.evil.example", "x.amazonaws.com:81"]
)
def test_a_proxied_address_outside_aws_is_refused(host: str) -> None:
    assert sent("/", HTTP_HOST=host, **{routes.PROXIED: True})[2] == []


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/_emulator/health", Route.HEALTH),
        ("/_emulator/health/", Route.OWN),
        ("/_emulator/faults", Route.OWN),
        ("/restapis/a/v1/_user_request_", Route.DEPLOYED_API),
        ("/restapis/a/v1/_user_request_/x\ny", Route.DEPLOYED_API),
        ("/restapis/a/v1/_user_request_x", Route.AWS),
        ("/restapis/a/b/v1/_user_request_/x", Route.AWS),
        ("/restapis/a/v1/resources/_user_request_/x", Route.AWS),
        ("/bucket/restapis/a/v1/_user_request_/x", Route.AWS),
        ("//_emulator/health", Route.AWS),
        ("/moto-api/reset", Route.AWS),
    ],
)
def test_each_path_has_one_route(path: str, route: Route) -> None:
    assert routes.of({"PATH_INFO": path}) is route


def test_the_route_is_decided_once() -> None:
    environ = {"PATH_INFO": "/bucket/key"}
    routes.of(environ)
    environ["PATH_INFO"] = "/restapis/a/v1/_user_request_/x"
    assert routes.of(environ) is Route.AWS
