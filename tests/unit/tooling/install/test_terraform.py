"""The download path of terraform, against a server on the loopback interface."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tooling.install.report import SetupProblem
from tooling.install.terraform import VERSION, ensure_terraform, os_arch, read_version

PROGRAM = '#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n'
ARCHIVE_PATH = f"/{VERSION}/terraform_{VERSION}_{os_arch()}.zip"


def archive(version: str = VERSION) -> bytes:
    """The same bytes at every call: an entry given by its name alone would carry the time of the call."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as content:
        content.writestr(zipfile.ZipInfo("terraform"), PROGRAM.format(version=version))
    return buffer.getvalue()


class Releases(http.server.BaseHTTPRequestHandler):
    """Serves `files`; announces more than it sends when `cut_off` is set."""

    files: dict[str, bytes]
    cut_off = False

    def do_GET(self) -> None:
        body = self.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) * (2 if self.cut_off else 1)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


Served = tuple[type[Releases], str]
"""The handler of requests, and the address of the releases."""


@pytest.fixture
def releases() -> Iterator[Served]:
    handler = type("Handler", (Releases,), {"files": {ARCHIVE_PATH: archive()}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / ".tools").mkdir()
    return tmp_path


def pinned(body: bytes) -> dict[str, str]:
    return {os_arch(): hashlib.sha256(body).hexdigest()}


def environ(url: str, path: str = "/nonexistent") -> dict[str, str]:
    return {"PATH": path, "PLATFORM_TERRAFORM_RELEASES": url}


def on_path(folder: Path, version: str) -> str:
    folder.mkdir(exist_ok=True)
    program = folder / "terraform"
    program.write_text(PROGRAM.format(version=version), encoding="utf-8")
    program.chmod(0o755)
    return str(folder)


def test_the_pinned_release_is_downloaded_checked_and_runs(repo: Path, releases: Served) -> None:
    _, url = releases
    binary = ensure_terraform(repo, environ=environ(url), checksums=pinned(archive()))
    assert binary == repo / ".tools" / "bin" / "terraform"
    assert read_version(binary) == (1, 11, 4)
    assert [file.name for file in binary.parent.iterdir()] == ["terraform"]


def test_a_second_run_needs_no_server(repo: Path, releases: Served) -> None:
    _, url = releases
    ensure_terraform(repo, environ=environ(url), checksums=pinned(archive()))
    ensure_terraform(repo, environ=environ("http://127.0.0.1:9/"), checksums={})


def test_another_content_than_the_pinned_one_is_refused(repo: Path, releases: Served) -> None:
    _, url = releases
    with pytest.raises(SetupProblem, match="is pinned: it is not what was released"):
        ensure_terraform(repo, environ=environ(url), checksums=pinned(b"another"))
    assert not (repo / ".tools" / "bin" / "terraform").exists()


def test_a_missing_release_is_reported_with_its_address(repo: Path, releases: Served) -> None:
    handler, url = releases
    handler.files = {}
    with pytest.raises(SetupProblem, match=f"{ARCHIVE_PATH} answers 404") as problem:
        ensure_terraform(repo, environ=environ(url), checksums=pinned(archive()))
    assert "PLATFORM_TERRAFORM_RELEASES" in problem.value.hint


def test_a_download_that_is_cut_off_is_refused(repo: Path, releases: Served) -> None:
    handler, url = releases
    handler.cut_off = True
    with pytest.raises(SetupProblem, match=r"was cut off|cannot be downloaded"):
        ensure_terraform(repo, environ=environ(url), checksums=pinned(archive()))
    assert not (repo / ".tools" / "bin" / "terraform").exists()


def test_an_unreachable_server_is_reported(repo: Path) -> None:
    with pytest.raises(SetupProblem, match="cannot be downloaded"):
        ensure_terraform(repo, environ=environ("http://127.0.0.1:9"), checksums=pinned(archive()))


def test_a_machine_without_a_pinned_release_is_reported(repo: Path, releases: Served) -> None:
    _, url = releases
    with pytest.raises(SetupProblem, match=f"no pinned Terraform for {os_arch()}"):
        ensure_terraform(repo, environ=environ(url), checksums={})


def test_a_suitable_terraform_on_path_is_taken(repo: Path, tmp_path: Path) -> None:
    path = on_path(tmp_path / "bin", "1.12.0")
    binary = ensure_terraform(repo, environ=environ("http://127.0.0.1:9", path), checksums={})
    assert binary.resolve() == (tmp_path / "bin" / "terraform").resolve()
    assert read_version(binary) == (1, 12, 0)


@pytest.mark.parametrize("version", ["1.10.5", "2.0.0", "no version"])
def test_an_unsuitable_terraform_on_path_is_not_taken(
    repo: Path, tmp_path: Path, releases: Served, version: str
) -> None:
    _, url = releases
    path = on_path(tmp_path / "bin", version)
    binary = ensure_terraform(repo, environ=environ(url, path), checksums=pinned(archive()))
    assert not binary.is_symlink()
    assert read_version(binary) == (1, 11, 4)


def test_an_upgrade_on_path_is_noticed(repo: Path, tmp_path: Path, releases: Served) -> None:
    _, url = releases
    path = on_path(tmp_path / "bin", "1.12.0")
    ensure_terraform(repo, environ=environ(url, path), checksums={})
    on_path(tmp_path / "bin", "2.1.0-beta1")
    binary = ensure_terraform(repo, environ=environ(url, path), checksums=pinned(archive()))
    assert not binary.is_symlink()
    assert (tmp_path / "bin" / "terraform").exists()


def test_a_download_that_does_not_run_here_is_refused(repo: Path, releases: Served) -> None:
    handler, url = releases
    body = archive(version="broken")
    handler.files = {ARCHIVE_PATH: body}
    with pytest.raises(SetupProblem, match="does not run on this machine"):
        ensure_terraform(repo, environ=environ(url), checksums=pinned(body))
