from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from orchestrator.aws import loopback
from orchestrator.errors import ConfigError


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("X-Seen", f"{self.path} {self.headers['x-api-key']}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


@pytest.fixture
def server() -> Iterator[str]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def test_any_status_is_returned_and_no_proxy_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    status, headers, body = loopback.request(
        "POST", f"{server}/a/b?c=d", headers={"x-api-key": "k"}, body=b"hello", timeout=5
    )
    assert (status, headers["x-seen"], headers["location"], body) == (302, "/a/b?c=d k", "/elsewhere", b"hello")


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "https://127.0.0.1:1/", "file:///etc/hosts"])
def test_no_other_machine_and_nothing_but_http(url: str) -> None:
    with pytest.raises(ConfigError, match="must be http on a loopback address"):
        loopback.request("GET", url, timeout=1)


def test_silence_and_other_protocols_raise_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(loopback.NoAnswer):
            loopback.request("GET", url, timeout=0.05)

        def babble() -> None:
            for _ in range(2):
                caller, _address = listener.accept()
                with caller:
                    caller.sendall(b"220 mail.example ESMTP\r\n")

        threading.Thread(target=babble, daemon=True).start()
        with pytest.raises(loopback.NoAnswer):
            loopback.request("GET", url, timeout=5)
