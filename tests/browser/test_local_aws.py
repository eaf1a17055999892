"""A page of another origin, in a real browser, tries to use the local AWS of the person who opened it.

Opt-in (`make test-browser`): needs Chromium. The page reports the result of each try to a separate server, over a
connection that the browser allows; the test queries the local AWS for changes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support import clients, keys
from tests.support.checkout import free_port
from tests.support.process import start, stop, wait_ready

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on PATH"),
]

SECONDS = 60
PAGE = Path(__file__).with_name("page.html")


class Site:
    """The attacker's server: gives the page, and takes its reports."""

    def __init__(self, port: int, page: str) -> None:
        self.reports: dict[str, Any] = {}
        self.loaded = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.loaded.set()
                body = page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                site.reports[document["try"]] = document["result"]
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait(self, *names: str) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while not set(names) <= set(self.reports):
            assert time.monotonic() < deadline, f"the page reported {sorted(self.reports)} only"
            time.sleep(0.1)
        return self.reports


@contextmanager
def opened(url: str, profile: Path) -> Iterator[None]:
    """A browser with this page open. The attacker's names resolve to this machine, as DNS rebinding could do."""
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [
        "--host-resolver-rules=MAP *.example 127.0.0.1",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
    ]
    process = subprocess.Popen([*command, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def page(mode: str, aws_port: int, collector_port: int) -> str:
    text = PAGE.read_text(encoding="utf-8")
    for name, value in {"MODE": mode, "AWS_PORT": aws_port, "COLLECTOR_PORT": collector_port}.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def test_a_page_of_another_origin_can_neither_use_nor_read_the_local_aws(tmp_path: Path) -> None:
    process, log = start(tmp_path / "aws")
    try:
        document = wait_ready(process, tmp_path / "aws", log)
        collector = Site(0, "")
        site = Site(0, page("cross", document["port"], collector.port))
        with opened(f"http://evil.example:{site.port}/", tmp_path / "profile"):
            reports = collector.wait("read", "simple", "preflight", "form", "upload", "image", "health", "done")
        site.stop()
        collector.stop()
        assert reports["control"] == "read", "the page can read what lets it: its own way of trying works"
        refused = {name: result for name, result in reports.items() if name not in ("control", "done")}
        assert set(refused.values()) <= {"blocked", "opaque"}, refused
        answered = [line.split()[1] for line in log.read_text().splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]
        assert len(answered) >= 7, "the tries did reach the server"
        assert set(answered) == {"403"}
        assert left_behind(document["endpoint"]) == []
    finally:
        stop(process)


def test_a_name_that_is_made_to_point_here_opens_nothing(tmp_path: Path) -> None:
    """DNS rebinding: one origin, first the attacker's server, then the local AWS on the same name and port."""
    port = free_port()
    collector = Site(0, "")
    site = Site(port, page("rebound", port, collector.port))
    with opened(f"http://rebound.example:{port}/", tmp_path / "profile"):
        collector.wait("loaded")
        site.stop()
        process, log = start(tmp_path / "aws", "--port", str(port))
        try:
            endpoint = wait_ready(process, tmp_path / "aws", log)["endpoint"]
            reports = collector.wait("read", "signed", "health", "done")
            assert {name: reports[name] for name in ("read", "signed", "health")} == {
                "read": "403",
                "signed": "403",
                "health": "403",
            }
            assert left_behind(endpoint) == []
        finally:
            stop(process)
            collector.stop()


def left_behind(endpoint: str) -> list[str]:
    """What the page would have made, had anybody listened."""
    glue, s3 = clients.client("glue", endpoint), clients.client("s3", endpoint)
    faults = keys.page(endpoint, "faults")["faults"]
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    return [*glue.list_jobs()["JobNames"], *buckets, *[fault["id"] for fault in faults]]
