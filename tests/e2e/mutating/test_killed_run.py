"""A run is killed, its terraform too: every command that is then named is typed, and leads back."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from contextlib import suppress
from typing import Any

import pytest

from orchestrator.recovery import unfinished
from orchestrator.terraform.record import Record
from tests.support.checkout import Checkout, failed
from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

PLATFORM = "terraform/envs/local/platform.yaml"
OTHER_HOLDER = {"ID": "1", "Who": "alice@laptop", "Created": "2026-12-01T08:00:00Z", "Operation": "OperationTypeApply"}


@pytest.fixture(scope="module")
def line(deployed: Deployed) -> Checkout:
    return deployed.checkout


def typed(line: Checkout, output: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command that the last line with one in it names."""
    command = re.findall(r"`orchestrator ([^`]+)`", output)[-1]
    return line.orchestrator(*shlex.split(command), *more)


def locks(line: Checkout) -> list[dict[str, Any]]:
    done = line.orchestrator("unlock", "local", "--json")
    return list(json.loads(done.stdout)["locks"])


def bucket(line: Checkout) -> str:
    names = [each["Name"] for each in line.client("s3").list_buckets()["Buckets"]]
    return str(next(name for name in names if "tfstate" in name))


@pytest.mark.full
def test_locks_of_others_stop_a_deploy_which_names_what_frees_them(line: Checkout) -> None:
    for stack, body in (("data", json.dumps(OTHER_HOLDER)), ("notifications", "<html>")):
        line.client("s3").put_object(Bucket=bucket(line), Key=f"{stack}.tfstate.tflock", Body=body)
    deployed = failed(line.orchestrator("deploy", "local", "--refresh"), 13)
    assert "the state of `data` is locked by alice on laptop" in deployed
    assert "the state of `notifications` cannot be locked" in deployed
    unlocked = failed(typed(line, deployed), 13)
    assert "`data` stays locked by alice@laptop since 2026-12-01T08:00:00Z" in unlocked
    assert "hint: if it is certainly dead, run `orchestrator unlock local --force`" in unlocked
    forced = failed(typed(line, unlocked), 14)
    done = typed(line, forced)
    assert done.returncode == 0, done.stderr
    assert locks(line) == []


def test_a_killed_run_is_reported_and_resumed(line: Checkout) -> None:
    with line.edited(PLATFORM, "log_retention_days: 7", "log_retention_days: 14"):
        running = line.start("phase", "rollout", "local", "--phase", "foundation")
        running.wait_for("foundation", "Modifying...")
        [folder] = [path for path in line.runs() if path not in running.before]
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        for record in unfinished.find(line.folder, "local")[-1].open:
            kill(record)
        status = line.orchestrator("status", "local")
        assert "unfinished: `phase rollout` of `local`" in status.stderr
        done = typed(line, status.stderr)
        assert done.returncode == 0, done.stderr[-4000:]
        assert "resuming: orchestrator phase rollout local --phase foundation" in done.stderr
    result = json.loads((folder / "result.json").read_text())
    assert (result["status"], result["exit_code"]) == ("failed", 137)
    assert locks(line) == []
    again = line.orchestrator("resume", "local")
    assert (again.returncode, again.stderr) == (0, "`local` has no unfinished run\n")


def kill(record: Record) -> None:
    assert record.process is not None
    with suppress(ProcessLookupError):
        os.kill(record.process.pid, signal.SIGKILL)
