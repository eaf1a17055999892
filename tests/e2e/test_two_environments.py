"""Two local environments side by side: each has its own AWS, and neither notices when the other ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.fakes.platforms import platform_file
from tests.support import clients, keys
from tests.support.checkout import REPO, free_port

pytestmark = [pytest.mark.emulator, pytest.mark.full]

SHARED = (".venv-jobs", ".cache", "emulator", "jobs", "lambda", "orchestrator")
NAMES = ("one", "one-more")
"""The second begins with the first: what is found by name has to tell them apart."""


class Checkout:
    """As much of a checkout as the local AWS needs, with two environments of nothing but a port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in SHARED:
            (folder / name).symlink_to(REPO / name)
        self.ports = {name: free_port() for name in NAMES}
        for name, port in self.ports.items():
            file = folder / "terraform/envs" / name / "platform.yaml"
            file.parent.mkdir(parents=True)
            file.write_text(platform_file(f"local: {{port: {port}}}\n", "local")[1], encoding="utf-8")
        (folder / "terraform/phases").symlink_to(REPO / "terraform/phases")

    def __call__(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "orchestrator", "--repo", str(self.folder), *arguments]
        env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path)
    yield made
    for record in tmp_path.glob(".emulator/*/emulator.json"):  # those that have not been stopped
        made("emulator", "down", record.parent.name)


def test_neither_has_anything_of_the_other(checkout: Checkout) -> None:
    reported = {name: json.loads(checkout("emulator", "up", name, "--json")) for name in NAMES}
    endpoints = {name: f"http://127.0.0.1:{port}" for name, port in checkout.ports.items()}
    assert {name: each["endpoint"] for name, each in reported.items()} == endpoints
    for name, endpoint in endpoints.items():
        keys.learn(endpoint, checkout.folder / ".emulator" / name)
        assert (checkout.folder / ".emulator" / name / "emulator.json").stat().st_mode & 0o777 == 0o600
    first, second = (clients.client("ssm", endpoints[name]) for name in NAMES)
    first.put_parameter(Name="/where", Value="one", Type="String")
    second.put_parameter(Name="/where", Value="one-more", Type="String")
    assert first.get_parameter(Name="/where")["Parameter"]["Value"] == "one"

    own, other = (keys.of(endpoints[name]) for name in NAMES)
    assert own != other
    stranger = clients.client("ssm", endpoints["one"], aws_access_key_id=other[0], aws_secret_access_key=other[1])
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.get_parameter(Name="/where")

    checkout("destroy", "one", "--yes")
    assert second.get_parameter(Name="/where")["Parameter"]["Value"] == "one-more"
    assert checkout("emulator", "down", "one") == "stopped\n"
    with pytest.raises(EndpointConnectionError):
        first.get_parameter(Name="/where")
    assert second.get_parameter(Name="/where")["Parameter"]["Value"] == "one-more"
