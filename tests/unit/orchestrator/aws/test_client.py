"""boto3 against a local endpoint, whatever the machine's own AWS set-up says."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from botocore.loaders import Loader

from orchestrator.aws.client import Aws
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import ConfigError, CredentialsError, EmulatorError, PlatformError
from orchestrator.system import identity


class _Handler(http.server.BaseHTTPRequestHandler):
    """Respond as STS, and keep the requests."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.seen.append({name.lower(): value for name, value in self.headers.items()} | {"body": body})
        answer = (
            b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
            b"<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            if "GetCallerIdentity" in body
            else json.dumps({"echo": body}).encode()
        )
        self.send_response(418 if self.path == "/teapot" else 200)
        self.send_header("X-Fidelity", "executed")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    _Handler.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def local(endpoint: str) -> Aws:
    return Aws("us-east-1", LocalAccess(endpoint, "LOCALKEY", "secret"))


@pytest.fixture
def stray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment and a home folder in which everything would break or redirect calls of AWS."""
    folder = tmp_path / ".aws"
    (folder / "models" / "sts" / "2011-06-15").mkdir(parents=True)
    (folder / "models" / "sts" / "2011-06-15" / "service-2.json").write_text("{", encoding="utf-8")
    (folder / "config").write_text("[default\nuse_fips_endpoint = true\n", encoding="utf-8")
    (folder / "credentials").write_text("[default\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    # Worked out once, when botocore was imported.
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(folder / "models"))
    for name, value in {
        "AWS_PROFILE": "does-not-exist",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_CA_BUNDLE": "/nowhere/bundle.pem",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_BEARER_TOKEN_BEDROCK": "real-token",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_DATA_PATH": "/nowhere",
        "AWS_SESSION_TOKEN": "real-token",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("stray")
def test_local_calls_ignore_the_machines_profile_proxy_endpoints_and_keys(endpoint: str) -> None:
    assert local(endpoint).account_id() == "123456789012"
    (call,) = _Handler.seen
    assert "Credential=LOCALKEY/" in call["authorization"]
    assert "x-amz-security-token" not in call


@pytest.mark.usefixtures("stray")
def test_local_calls_are_signed_with_the_local_key_despite_a_token(endpoint: str) -> None:
    """Bedrock's clients prefer a token of the environment, unless the scheme is configured."""
    local(endpoint).client("bedrock-runtime").converse(modelId="m", messages=[])
    assert "Credential=LOCALKEY/" in _Handler.seen[0]["authorization"]


@pytest.mark.usefixtures("stray")
def test_http_goes_straight_to_loopback_and_returns_any_status(endpoint: str) -> None:
    status, headers, body = local(endpoint).http(
        "POST", f"{endpoint}/teapot", headers={"x-api-key": "k"}, body=b"hi", timeout=5
    )
    assert (status, headers["x-fidelity"], json.loads(body)) == (418, "executed", {"echo": "hi"})
    assert _Handler.seen[0]["x-api-key"] == "k"


def test_no_answer_is_an_error_that_names_the_address() -> None:
    cloud = local("http://127.0.0.1:9")
    with pytest.raises(PlatformError, match=r"GET http://127\.0\.0\.1:9/x got no answer"):
        cloud.http("GET", "http://127.0.0.1:9/x", headers={}, body=b"", timeout=2)
    with pytest.raises(EmulatorError, match=r"nothing answers at http://127\.0\.0\.1:9"):
        cloud.account_id()


def test_a_local_call_that_is_refused_for_a_moment_is_tried_again_as_on_aws(endpoint: str) -> None:
    config = local(endpoint).client("sts").meta.config
    assert config.retries == Aws("us-east-1", None).client("sts").meta.config.retries
    assert config.retries == {"mode": "standard", "total_max_attempts": 6}


def test_a_dead_local_aws_is_not_called_again() -> None:
    """Six attempts with their pauses would take half a minute."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    process = identity.of(child.pid)
    child.kill()
    cloud = Aws("us-east-1", LocalAccess("http://127.0.0.1:9", "LOCALKEY", "secret", process))
    started = time.monotonic()
    with pytest.raises(EmulatorError, match=rf"the local AWS \(pid {child.pid}\) died"):
        cloud.client("sts").get_caller_identity()
    with pytest.raises(EmulatorError, match="died"):
        cloud.http("GET", "http://127.0.0.1:9/x", headers={}, body=b"", timeout=2)
    assert time.monotonic() - started < 5
    child.wait()


def test_only_loopback_can_be_an_endpoint() -> None:
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1"):
        local("http://10.0.0.1:4566")


def test_missing_credentials_and_profiles_have_a_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CredentialsError, match="Unable to locate credentials") as caught:
        Aws("us-east-1", None).account_id()
    assert "ENV=local" in (caught.value.hint or "")
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    with pytest.raises(CredentialsError, match="does-not-exist"):
        Aws("us-east-1", None).account_id()


def test_addresses_of_the_api() -> None:
    assert Aws("eu-west-1", None).api_url("abc", "live") == "https://abc.execute-api.eu-west-1.amazonaws.com/live"
    assert Aws("cn-north-1", None).api_url("abc", "live").endswith(".amazonaws.com.cn/live")
    assert (
        local("http://127.0.0.1:4566/").api_url("abc", "live")
        == "http://127.0.0.1:4566/restapis/abc/live/_user_request_"
    )


def test_clients_are_made_once(endpoint: str) -> None:
    cloud = local(endpoint)
    assert cloud.client("s3") is cloud.client("s3")
