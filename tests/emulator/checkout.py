"""A copy of this checkout to deploy from: what a fresh clone holds, with set-up's folders linked in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REPO = Path(__file__).resolve().parents[2]
LINKED = (".venv", ".venv-checkov", ".venv-jobs", ".tools", ".cache")
HOSTILE = {
    "AWS_PROFILE": "does-not-exist",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "TF_CLI_CONFIG_FILE": "/nonexistent/terraformrc",
}
"""What a developer's shell may hold, and what must not reach a local deployment."""


@dataclass(frozen=True)
class Checkout:
    folder: Path
    port: int

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {"EMULATOR_PORT": str(self.port), "CI": "true"} | more

    def orchestrator(self, *arguments: str, timeout: float = 600, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command from this copy's sources."""
        return subprocess.run(
            [".venv/bin/python", "-m", "orchestrator", *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def result(self) -> dict[str, Any]:
        """`result.json` of the newest run."""
        newest = max(self.folder.glob(".runs/local/*/result.json"), key=lambda path: path.stat().st_mtime)
        document: dict[str, Any] = json.loads(newest.read_text())
        return document

    def client(self, service: str) -> Any:
        """A plain AWS client, pointed at the emulator."""
        return boto3.session.Session().client(
            service,
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, proxies={}, s3={"addressing_style": "path"}),
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copy(folder: Path) -> Checkout:
    """Copy every file that git knows or would take, and link what set-up made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = REPO / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    for name in LINKED:
        (folder / name).symlink_to(REPO / name)
    return Checkout(folder, free_port())
