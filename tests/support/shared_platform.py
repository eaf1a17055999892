"""One deployed platform for every test that needs a whole one.

A deployment takes about a minute. So it starts, as a separate process, as soon as the first worker knows that a
selected test needs it. One worker runs all of these tests (`tests/conftest.py`): first those that only read the
platform, then those that change it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import checkout as checkouts
from tests.support.checkout import HOSTILE, Checkout
from tests.unit.orchestrator.config.texts import HOSTILE as HOSTILE_TEXT

VARIABLE = "PLATFORM_TESTS_SHARED"
"""Names the folder of this test run; pytest's first process sets it, its workers inherit it."""
READING, CHANGING = "read_only", "mutating"
"""Folders of the tests that take `deployed`."""
CHANGES = (
    "test_second_deploy.py",
    "test_leftovers.py",
    "test_blueprint_options.py",
    "test_retraining.py",
    "test_tasks.py",
    "test_red_smoke.py",
    "test_killed_run.py",
    "test_destroy.py",
    "test_lost_emulator.py",
)
"""The order of those that change it."""
ACCOUNT, REGION, PREFIX = "123456789012", "us-east-1", "mlops-local"


PROMPT = f"Answer in one sentence. {HOSTILE_TEXT}"
"""The chat's system prompt: text, although Terraform would evaluate it."""

DEPLOY = 'make deploy ENV=local SETUP= 2>&1 | tee ../log; echo "$?" >../rc.part; mv ../rc.part ../rc'


@dataclass(frozen=True)
class Deployed:
    """A platform that others read too: in `read_only/`, leave it as it was."""

    checkout: Checkout

    @property
    def root(self) -> Path:
        return self.checkout.folder

    @property
    def build(self) -> Path:
        """What was rendered: a folder for each stack."""
        return self.root / "build" / "local"

    @property
    def endpoint(self) -> str:
        return self.checkout.endpoint

    @property
    def result(self) -> dict[str, Any]:
        """`result.json` of the deployment."""
        return self.checkout.result()

    def said(self) -> str:
        """Return the output of the deployment."""
        return (self.root.parent / "log").read_text(encoding="utf-8")

    def client(self, service: str) -> Any:
        return self.checkout.client(service)

    def states(self) -> dict[str, dict[str, Any]]:
        """Terraform's state documents, by stack."""
        return _states(self.checkout)

    def outputs(self, stack: str) -> dict[str, Any]:
        """What a stack publishes, without the name around it."""
        published: dict[str, Any] = self.states()[stack]["outputs"]
        (only,) = published.values()
        value: dict[str, Any] = only["value"]
        return value


@cache
def _states(checkout: Checkout) -> dict[str, dict[str, Any]]:
    s3, bucket = checkout.client("s3"), f"{PREFIX}-tfstate-{ACCOUNT}-{REGION}"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    return {
        key.removesuffix(".tfstate"): json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for key in keys
        if key.endswith(".tfstate")
    }


def prepare() -> None:
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="platform-tests-")


def launch() -> None:
    """Start `make deploy ENV=local | tee log` in a shell full of other people's settings; returns at once."""
    folder = Path(os.environ[VARIABLE])
    checkout = checkouts.copy(folder / "repo")
    chat = checkout.folder / "terraform/envs/local/blueprints/chat.yaml"
    prompt = json.dumps(PROMPT, ensure_ascii=False)  # a quoted text of YAML, too
    chat.write_text(
        chat.read_text(encoding="utf-8").replace("parameters:", f"parameters:\n  system: {prompt}"), "utf-8"
    )
    # The exit code goes into a file: the process that waits for it need not be the one that started it.
    process = subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", DEPLOY],
        cwd=checkout.folder,
        env=checkout.environment(**HOSTILE, HOME=str(checkouts.hostile_home(folder / "home"))),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    document = {"folder": str(checkout.folder), "port": checkout.port, "pid": process.pid}
    (folder / "started.part").write_text(json.dumps(document))
    (folder / "started.part").replace(folder / "started")


def wait(seconds: float = 600) -> Deployed:
    """The deployed platform, once it is there."""
    folder, deadline = Path(os.environ[VARIABLE]), time.monotonic() + seconds
    while not (folder / "rc").exists():
        assert time.monotonic() < deadline, f"no deployment within {seconds} s:\n{_said(folder)}"
        time.sleep(0.2)
    assert (folder / "rc").read_text().strip() == "0", _said(folder)
    return Deployed(_started(folder))


def _started(folder: Path) -> Checkout:
    document = json.loads((folder / "started").read_text())
    return Checkout(Path(document["folder"]), document["port"])


def _said(folder: Path) -> str:
    log, aws = folder / "log", folder / "repo" / ".emulator" / "local" / "emulator.log"
    if not log.exists():
        return "it never started"
    # The folder is gone afterwards, and a defect of the local AWS tells about itself there alone.
    _, found, defect = aws.read_text(errors="replace").rpartition("Traceback") if aws.exists() else ("", "", "")
    return f"{log.read_text(errors='replace')[-6000:]}\n{found}{defect[:3000]}"


def clean_up() -> None:
    folder = Path(os.environ.pop(VARIABLE))
    if (folder / "started").exists():
        if not (folder / "rc").exists():
            with suppress(ProcessLookupError):
                os.killpg(json.loads((folder / "started").read_text())["pid"], signal.SIGKILL)
        _started(folder).orchestrator("emulator", "down", "local")
    shutil.rmtree(folder)
