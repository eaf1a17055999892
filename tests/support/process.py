"""The emulator as a process, for tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import keys

ROOT = Path(__file__).resolve().parents[2]
JOBS_PYTHON = ROOT / ".venv-jobs" / "bin" / "python"
START_SECONDS = 30


@dataclass(frozen=True)
class Emulator:
    endpoint: str
    port: int
    pid: int
    account_id: str
    region: str
    data_dir: Path
    log: Path
    ready_after: float
    """Seconds from the start of the process until it announced itself."""

    def environment(self) -> dict[str, str]:
        """For a child process that is to see this emulator and nothing else of AWS."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "AWS_ENDPOINT_URL": self.endpoint,
            **keys.of(self.endpoint).variables,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "*",
        }


def start(data_dir: Path, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Start `python -m emulator serve` on a free port; returns the process and its log."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "emulator.log"
    jobs = ["--jobs-python", str(JOBS_PYTHON)] if JOBS_PYTHON.exists() else []
    # The last word on an option counts.
    arguments = ["-m", "emulator", "serve", "--port", "0", "--data-dir", str(data_dir), *jobs, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    return process, log


def wait_ready(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> dict[str, Any]:
    """The contents of `emulator.json`, once it is there."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        announced = data_dir / "emulator.json"
        if announced.exists():
            document: dict[str, Any] = json.loads(announced.read_text())
            keys.learn(document["endpoint"], data_dir)
            return document
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the emulator did not start (exit code {process.wait()}):\n{log.read_text()[-4000:]}")


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
